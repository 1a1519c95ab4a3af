// SPDX-License-Identifier: Apache-2.0
#include "parity/ways.hpp"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ostream>

#include "arpline.skel.h"
#include "base/error.hpp"
#include "packet/check.hpp"

namespace arpline::parity {
namespace {

using packet::BpfRunner;
using packet::Contents;
using packet::Growth;

// The map's value in bpf/maps.bpf.h.
struct arpl_clock {
  std::uint64_t jiffies;
  std::uint64_t now;
};

constexpr std::size_t kSeenSlots = packet::sibling_slot + 1;

template <class T>
std::span<T> map_memory(const bpf_map* map, std::vector<Mapped>& mapped) {
  const std::size_t bytes = std::size_t{bpf_map__value_size(map)} * bpf_map__max_entries(map);
  return mapped.emplace_back(bpf_map__fd(map), bytes, true, bpf_map__name(map)).as<T>();
}

template <class T>
bool same(std::span<const T> a, std::span<const T> b) {
  const auto n = std::min(a.size(), b.size());
  return std::memcmp(a.data(), b.data(), n * sizeof(T)) == 0;
}

template <class T>
void clear(std::span<T> all) {
  std::fill(all.begin(), all.end(), T{});
}

std::string_view word_of(Outcome outcome) {
  return outcome == Outcome::answer ? "answers" : outcome == Outcome::drop ? "drops" : "passes";
}

// Pins the thread to its current CPU and returns the CPU's number.
std::size_t stay_on_this_cpu() {
  const int cpu = sched_getcpu();
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  if (cpu < 0 || sched_setaffinity(0, sizeof cpus, &cpus) != 0) throw_errno("stay on one CPU", errno);
  return static_cast<std::size_t>(cpu);
}

}  // namespace

bool operator==(const Seen& a, const Seen& b) {
  const auto same_event = [](const arpl_event& x, const arpl_event& y) {
    return std::memcmp(&x, &y, sizeof x) == 0;
  };
  return a.outcome == b.outcome && a.frame == b.frame && a.grown == b.grown &&
         std::ranges::equal(a.events, b.events, same_event);
}

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  out << word_of(seen.outcome);
  for (const auto& one : seen.grown) out << fmt::format(" {}+{}", packet::counter_name(one.counter), one.by);
  for (const auto& one : seen.events) out << fmt::format(" event {} at {}", one.type, one.time_ns);
  out << ":";
  for (const auto byte : seen.frame) out << fmt::format(" {:02x}", byte);
  return out;
}

BpfWay::BpfWay() : runner_(BpfRunner::shared()), counts_(runner_.verdict_counts()), cpu_(stay_on_this_cpu()) {
  const auto& maps = runner_.skeleton().maps;
  left_ = {.slots = map_memory<arpl_slot>(maps.slots, mapped_),
           .stats = map_memory<arpl_endpoint_stats>(maps.endpoint_stats, mapped_),
           .pairs = map_memory<arpl_pair_set>(maps.pairs, mapped_),
           .filter = map_memory<__u64>(maps.filter, mapped_),
           .heard = map_memory<__u64>(maps.heard, mapped_),
           .buckets = map_memory<__u64>(maps.buckets, mapped_),
           .credit = map_memory<arpl_credit>(maps.credit, mapped_),
           .limits = map_memory<arpl_limits>(maps.limits, mapped_).data()};
}

void BpfWay::install(const Contents& contents) {
  clear(left_.filter);
  clear(left_.heard);
  clear(left_.buckets);
  runner_.fill(contents);
  // A worker expects no frames in flight when it starts.
  auto& credit = left_.credit[contents.queue];
  credit.sent = credit.consumed;
  worker_.emplace(port_, WorkerTables{.slots = left_.slots, .credit = left_.credit, .counts = &engine_counts_},
                  orders_);
  credit.sent = contents.credit.sent;
}

std::vector<Growth> BpfWay::grown() {
  std::vector<Growth> found;
  auto counts = runner_.verdict_counts();
  for (std::uint32_t i = 0; i < counts.size(); ++i)
    if (counts[i] != counts_[i]) found.push_back({.counter = i, .by = counts[i] - counts_[i]});
  counts_ = std::move(counts);
  return found;
}

void BpfWay::answer(const packet::Outcome& outcome, std::uint16_t queue, std::uint64_t now, Seen& seen) {
  port_.put(outcome.ring_meta.value(), outcome.frame, queue);
  worker_->step([now] { return instant_from_raw(now); });
  seen.outcome = port_.sent() ? Outcome::answer : Outcome::drop;
  seen.frame = port_.sent().value_or(packet::Bytes{});
}

std::uint64_t BpfWay::time_of_last_run() const {
  std::vector<arpl_clock> clocks(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  const std::uint32_t zero = 0;
  const auto* map = runner_.skeleton().maps.clock;
  const int error =
      bpf_map__lookup_elem(map, &zero, sizeof zero, clocks.data(), clocks.size() * sizeof clocks[0], 0);
  if (error != 0) throw_errno("read the program's clock", -error);
  return clocks.at(cpu_).now;
}

Seen BpfWay::run(std::span<const std::uint8_t> frame, std::uint16_t queue) {
  auto run = runner_.pass(frame, queue);
  Seen seen{.outcome = Outcome::kernel, .frame = {}, .grown = grown(), .events = std::move(run.outcome.events)};
  // The time of these events comes from a more precise clock.
  for (auto& event : seen.events)
    if (event.type == ARPL_EVENT_PROBE_ANSWER || event.type == ARPL_EVENT_HOST_ANSWER)
      event.time_ns = time_of_last_run();
  if (run.retval == XDP_REDIRECT) {
    answer(run.outcome, queue, time_of_last_run(), seen);
    return seen;
  }
  seen.outcome = run.retval == XDP_TX     ? Outcome::answer
                 : run.retval == XDP_DROP ? Outcome::drop
                                          : Outcome::kernel;
  if (seen.outcome != Outcome::drop) seen.frame = std::move(run.outcome.frame);
  return seen;
}

EthdevWay::EthdevWay()
    : port_({.device = wire_.name(), .rings_of = {}, .queues = kQueues, .kernel = kernel_.name()}),
      left_{.slots = tables_.tables().slots,
            .stats = tables_.tables().stats,
            .pairs = tables_.tables().pairs,
            .filter = tables_.tables().filter,
            .heard = tables_.tables().heard,
            .buckets = tables_.tables().buckets,
            .credit = tables_.tables().credit,
            .limits = tables_.tables().limits},
      worker_(port_, {.slots = left_.slots, .credit = left_.credit, .counts = &engine_counts_}, orders_,
              EngineIngress{tables_.tables()}) {
  port_.enable();
}

void EthdevWay::install(const Contents& contents) {
  tables_.fill(contents);
}

Seen EthdevWay::run(std::span<const std::uint8_t> frame, std::uint16_t queue, std::uint64_t now) {
  Seen seen;
  const auto before = tables_.memory().verdicts;
  wire_.put(queue, frame);
  worker_.step([now] { return instant_from_raw(now); });
  const auto sent = wire_.take();
  const auto handed_over = kernel_.take();
  seen.outcome = sent ? Outcome::answer : handed_over ? Outcome::kernel : Outcome::drop;
  if (sent) seen.frame = *sent;
  if (handed_over) seen.frame = *handed_over;
  const auto* was = reinterpret_cast<const __u64*>(&before);
  const auto* is = reinterpret_cast<const __u64*>(&tables_.memory().verdicts);
  for (std::uint32_t i = 0; i < ARPL_VERDICT_COUNTERS; ++i)
    if (is[i] != was[i]) seen.grown.push_back({.counter = i, .by = is[i] - was[i]});
  for (arpl_event event{}; tables_.memory().events.pop(event);) seen.events.push_back(event);
  return seen;
}

Ways& Ways::shared() {
  start_eal();
  static Ways ways;
  return ways;
}

void Ways::install(const packet::State& state) {
  contents_ = packet::realise(state, BpfRunner::shared().now());
  program_.install(contents_);
  engine_.install(contents_);
}

Ways::Both Ways::run(std::span<const std::uint8_t> frame, std::uint16_t queue) {
  auto program = program_.run(frame, queue);
  return {.program = std::move(program), .engine = engine_.run(frame, queue, program_.time_of_last_run())};
}

void Ways::restore_slots() {
  for (const auto& [index, slot] : contents_.slots) {
    program_.left().slots[index] = slot;
    engine_.left().slots[index] = slot;
  }
}

const char* Ways::difference() const {
  const auto& a = program_.left();
  const auto& b = engine_.left();
  if (!same<arpl_slot>(a.slots.first(kSeenSlots), b.slots)) return "slots";
  if (!same<arpl_endpoint_stats>(a.stats.first(kSeenSlots), b.stats)) return "endpoint_stats";
  for (const auto& [index, set] : contents_.pairs)
    if (!same<arpl_pair_set>(a.pairs.subspan(index, 1), b.pairs.subspan(index, 1))) return "pairs";
  if (!same<__u64>(a.filter, b.filter)) return "filter";
  if (!same<__u64>(a.heard, b.heard)) return "heard";
  if (!same<__u64>(a.buckets, b.buckets)) return "buckets";
  if (a.limits->host_awaits != b.limits->host_awaits) return "limits";
  if (!same<arpl_credit>(a.credit.first(kQueues), b.credit)) return "credit";
  return nullptr;
}

}  // namespace arpline::parity
