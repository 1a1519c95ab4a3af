// SPDX-License-Identifier: Apache-2.0
#include "packet/bpf_runner.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <stdexcept>

#include "arpline.skel.h"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "shared/hash.h"

namespace arpline::packet {
namespace {

constexpr std::uint32_t queues = 2;
// The most metadata that a test run accepts, and the limit of kernels before 6.2.
constexpr std::uint32_t most_metadata = 216;
constexpr std::uint32_t most_metadata_before_6_2 = 32;
constexpr std::size_t slots_bytes = sizeof(arpl_slot) * ARPL_MAX_ENDPOINTS;
constexpr std::size_t heard_bytes = sizeof(__u64) * ARPL_HEARD_ENTRIES;

// Maps the memory of an array with BPF_F_MMAPABLE.
void* mapped(const bpf_map* map, std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
  if (memory == MAP_FAILED) throw_errno(fmt::format("map {}", bpf_map__name(map)), errno);
  return memory;
}

template <class Key, class Value>
void put(bpf_map* map, const Key& key, const Value& value) {
  const int error = bpf_map__update_elem(map, &key, sizeof key, &value, sizeof value, BPF_ANY);
  if (error != 0) throw_errno(fmt::format("write {}", bpf_map__name(map)), -error);
}

template <class Value, class Key = std::uint32_t>
Value get(const bpf_map* map, const Key& key) {
  Value value{};
  const int error = bpf_map__lookup_elem(map, &key, sizeof key, &value, sizeof value, 0);
  if (error != 0) throw_errno(fmt::format("read {}", bpf_map__name(map)), -error);
  return value;
}

template <class Key>
void clear(bpf_map* map) {
  Key key{};
  while (bpf_map__get_next_key(map, nullptr, &key, sizeof key) == 0)
    bpf_map__delete_elem(map, &key, sizeof key, 0);
}

// Adds up the entries of all CPUs of a per-CPU map with one key, as 64-bit words.
std::vector<std::uint64_t> sum_of_cpus(const bpf_map* map, std::size_t words) {
  const auto cpus = static_cast<std::size_t>(libbpf_num_possible_cpus());
  std::vector<std::uint64_t> all(words * cpus);
  const std::uint32_t zero = 0;
  const int error =
      bpf_map__lookup_elem(map, &zero, sizeof zero, all.data(), all.size() * sizeof(std::uint64_t), 0);
  if (error != 0) throw_errno(fmt::format("read {}", bpf_map__name(map)), -error);
  std::vector<std::uint64_t> sum(words);
  for (std::size_t i = 0; i < all.size(); ++i) sum[i % words] += all[i];
  return sum;
}

int on_event(void* taken, void* data, std::size_t size) {
  arpl_event event{};
  if (size != sizeof event) return -EINVAL;
  std::memcpy(&event, data, sizeof event);
  static_cast<std::vector<arpl_event>*>(taken)->push_back(event);
  return 0;
}

// Opens one more queue of the tap device "parent".
Fd open_tap() {
  Fd tap{open("/dev/net/tun", O_RDWR | O_CLOEXEC)};
  ifreq request{};
  std::strncpy(request.ifr_name, "parent", IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
  if (!tap || ioctl(tap.get(), TUNSETIFF, &request) != 0) throw_errno("open a tap device", errno);
  return tap;
}

}  // namespace

std::string BpfRunner::reason_to_skip() {
  if (geteuid() != 0) return "loading BPF programs needs root";
  return {};
}

BpfRunner& BpfRunner::shared() {
  // States reach 61 s into the past and 0 means never, so a freshly booted machine has to wait.
  while (raw(Clock::now()) < 120 * seconds) sleep(1);
  static BpfRunner runner;
  return runner;
}

BpfRunner::BpfRunner() {
  if (unshare(CLONE_NEWNET) != 0) throw_errno("make a network namespace", errno);
  for (std::uint32_t i = 0; i < queues; ++i) taps_.push_back(open_tap());
  parent_ifindex_ = if_nametoindex("parent");
  skeleton_ = arpline_bpf__open();
  if (skeleton_ == nullptr) throw_errno("open the BPF object", errno);
  skeleton_->rodata->arpl_keys = hash_keys;
  if (const int error = arpline_bpf__load(skeleton_); error != 0) {
    arpline_bpf__destroy(skeleton_);
    throw_errno("load the BPF programs", -error);
  }
  slots_ = static_cast<arpl_slot*>(mapped(skeleton_->maps.slots, slots_bytes));
  heard_ = {static_cast<__u64*>(mapped(skeleton_->maps.heard, heard_bytes)), ARPL_HEARD_ENTRIES};
  events_ = ring_buffer__new(bpf_map__fd(skeleton_->maps.events), on_event, &taken_, nullptr);
  if (events_ == nullptr) throw_errno("open the events", errno);
  // An unbound socket is enough for an entry of xsks_map.
  socket_.reset(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!socket_) throw_errno("open an AF_XDP socket", errno);
}

std::vector<std::uint32_t> BpfRunner::verified_instructions() const {
  std::vector<std::uint32_t> all;
  for (const auto* program :
       {skeleton_->progs.arpl_ingress, skeleton_->progs.xsk_def_prog, skeleton_->progs.arpl_egress}) {
    bpf_prog_info info{};
    __u32 length = sizeof info;
    if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &length) != 0)
      throw_errno("ask for a program's information", errno);
    all.push_back(info.verified_insns);
  }
  return all;
}

BpfRunner::~BpfRunner() {
  ring_buffer__free(events_);
  if (slots_ != nullptr) munmap(slots_, slots_bytes);
  if (!heard_.empty()) munmap(heard_.data(), heard_bytes);
  arpline_bpf__destroy(skeleton_);
}

// The ingress program's clock: bpf_ktime_get_coarse_ns().
std::uint64_t BpfRunner::now() const {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * seconds + static_cast<std::uint64_t>(time.tv_nsec);
}

void BpfRunner::clear_endpoints_and_macs() {
  clear<arpl_endpoint_key>(skeleton_->maps.endpoints);
  clear<__u64>(skeleton_->maps.macs);
}

void BpfRunner::clear_credit_and_sockets() {
  for (std::uint32_t queue = 0; queue < queues; ++queue) {
    bpf_map__delete_elem(skeleton_->maps.xsks_map, &queue, sizeof queue, 0);
    put(skeleton_->maps.credit, queue, arpl_credit{});
  }
}

void BpfRunner::fill(const Contents& contents) {
  const auto& maps = skeleton_->maps;
  const std::uint32_t zero = 0;
  take_events();
  clear_endpoints_and_macs();
  clear_credit_and_sockets();
  put(maps.lease, zero, contents.lease);
  put(maps.limits, zero, contents.limits);
  for (const auto& [own, sender] : contents.macs) put(maps.macs, __u64{own}, sender);
  for (const std::uint32_t word : filtered_) put(maps.filter, word, __u64{0});
  filtered_.clear();
  for (const std::uint32_t bit : contents.filter) {
    put(maps.filter, bit / 64, get<__u64>(maps.filter, bit / 64) | 1ULL << bit % 64);
    filtered_.push_back(bit / 64);
  }
  for (const std::uint32_t bucket : indexed_) put(maps.endpoint_index, bucket, arpl_index_set{});
  indexed_.clear();
  for (const auto& [number, bucket] : contents.index) {
    put(maps.endpoint_index, number, bucket);
    indexed_.push_back(number);
  }
  std::ranges::fill(heard_, 0);
  for (const auto& [place, word] : contents.heard) heard_[place] = word;
  for (const auto& [key, value] : contents.endpoints) put(maps.endpoints, key, value);
  for (const auto& [index, slot] : contents.slots) slots_[index] = slot;
  for (const auto& [index, stats] : contents.stats) put(maps.endpoint_stats, index, stats);
  for (const std::uint32_t index : touched_) put(maps.pairs, index, arpl_pair_set{});
  touched_.clear();
  for (const auto& [index, set] : contents.pairs) {
    put(maps.pairs, index, set);
    touched_.push_back(index);
  }
  for (const std::uint32_t index : bucket_places()) put(maps.buckets, index, __u64{0});
  for (const auto& [index, word] : contents.buckets) put(maps.buckets, index, word);
  put(maps.credit, contents.queue, contents.credit);
  if (contents.socket) put(maps.xsks_map, contents.queue, static_cast<__u32>(socket_.get()));
}

void BpfRunner::install_storm(const std::vector<std::pair<arpl_storm_key, arpl_storm_limit>>& limits,
                              const std::vector<Mac>& groups) {
  clear<arpl_storm_key>(skeleton_->maps.storm);
  clear<__u64>(skeleton_->maps.groups);
  for (const auto& [key, limit] : limits) put(skeleton_->maps.storm, key, limit);
  for (const Mac group : groups) put(skeleton_->maps.groups, __u64{group}, __u32{1});
}

arpl_storm_limit BpfRunner::storm_limit(const arpl_storm_key& key) const {
  return get<arpl_storm_limit>(skeleton_->maps.storm, key);
}

std::vector<std::uint64_t> BpfRunner::other_counts() const {
  return sum_of_cpus(skeleton_->maps.other_verdicts, ARPL_OTHER_COUNTERS);
}

std::vector<std::uint64_t> BpfRunner::verdict_counts() const {
  return sum_of_cpus(skeleton_->maps.verdicts, ARPL_VERDICT_COUNTERS);
}

arpl_egress_stats BpfRunner::egress_counts() const {
  const auto sum = sum_of_cpus(skeleton_->maps.egress_stats, sizeof(arpl_egress_stats) / sizeof(__u64));
  arpl_egress_stats stats{};
  std::memcpy(&stats, sum.data(), sizeof stats);
  return stats;
}

arpl_endpoint_stats BpfRunner::stats(std::uint32_t slot) const {
  return get<arpl_endpoint_stats>(skeleton_->maps.endpoint_stats, slot);
}

void BpfRunner::forget_check(std::uint32_t slot) {
  auto changed = stats(slot);
  changed.check_at = 0;
  put(skeleton_->maps.endpoint_stats, slot, changed);
}

std::uint64_t BpfRunner::pair(std::uint32_t index) const {
  return get<arpl_pair_set>(skeleton_->maps.pairs, index).words[0];
}

std::uint64_t BpfRunner::bucket(std::uint32_t index) const {
  return get<__u64>(skeleton_->maps.buckets, index);
}

std::uint64_t BpfRunner::sent(std::uint32_t queue) const {
  return get<arpl_credit>(skeleton_->maps.credit, queue).sent;
}

arpl_limits BpfRunner::limits() const {
  return get<arpl_limits>(skeleton_->maps.limits, 0);
}

void BpfRunner::set_neigh_full(std::uint64_t when) {
  auto changed = limits();
  changed.neigh_full_ns = when;
  put(skeleton_->maps.limits, std::uint32_t{0}, changed);
}

std::vector<arpl_event> BpfRunner::take_events() {
  taken_.clear();
  ring_buffer__consume(events_);
  return taken_;
}

BpfRunner::Run BpfRunner::run(std::span<const std::uint8_t> frame, std::uint32_t queue, std::uint32_t repeat) {
  return run_behind(frame, 0, queue, repeat);
}

BpfRunner::Run BpfRunner::run_without_room(const Bytes& frame) {
  const auto behind = [&](std::uint32_t bytes) {
    Bytes data(bytes);
    data.insert(data.end(), frame.begin(), frame.end());
    return run_behind(data, bytes, 0, 1);
  };
  try {
    return behind(most_metadata);
  } catch (const SetupError&) {
    return behind(most_metadata_before_6_2);
  }
}

BpfRunner::Run BpfRunner::run_behind(std::span<const std::uint8_t> data, std::uint32_t in_front,
                                     std::uint32_t queue, std::uint32_t repeat) {
  const auto counts = verdict_counts();
  const std::uint64_t claims_before[2] = {claims(endpoint_slot), claims(sibling_slot)};
  const std::uint64_t sent_before = sent(queue);
  Run result = pass_behind(data, in_front, queue, repeat);
  Outcome& o = result.outcome;
  const auto counts_after = verdict_counts();
  for (std::uint32_t i = 0; i < counts.size(); ++i)
    if (counts_after[i] != counts[i]) o.grown.push_back({.counter = i, .by = counts_after[i] - counts[i]});
  if (claims(endpoint_slot) != claims_before[0]) o.claimed_slot = endpoint_slot;
  if (claims(sibling_slot) != claims_before[1]) o.claimed_slot = sibling_slot;
  o.credit_taken = sent(queue) - sent_before;
  return result;
}

// `data`: `in_front` bytes of metadata, then the frame.
BpfRunner::Run BpfRunner::pass_behind(std::span<const std::uint8_t> data, std::uint32_t in_front,
                                      std::uint32_t queue, std::uint32_t repeat) {
  const auto frame = data.subspan(in_front);
  Bytes out(data.size() + sizeof(arpl_ring_meta));
  xdp_md context{};
  context.data = in_front;
  context.data_end = static_cast<__u32>(data.size());
  context.ingress_ifindex = parent_ifindex_;
  context.rx_queue_index = queue;
  xdp_md context_out{};
  bpf_test_run_opts opts{};
  opts.sz = sizeof opts;
  opts.data_in = data.data();
  opts.data_size_in = static_cast<__u32>(data.size());
  opts.data_out = out.data();
  opts.data_size_out = static_cast<__u32>(out.size());
  opts.ctx_in = &context;
  opts.ctx_size_in = sizeof context;
  opts.ctx_out = &context_out;
  opts.ctx_size_out = sizeof context_out;
  opts.repeat = static_cast<int>(repeat);
  Run result;
  result.started_at = now();
  result.started_at_exactly = raw(Clock::now());
  const int error = bpf_prog_test_run_opts(
      ingress_fd_ < 0 ? bpf_program__fd(skeleton_->progs.arpl_ingress) : ingress_fd_, &opts);
  result.ended_at = raw(Clock::now());
  if (error != 0) throw_errno(fmt::format("run {} bytes through ingress", frame.size()), -error);

  result.retval = static_cast<int>(opts.retval);
  result.nanoseconds = opts.duration;
  out.resize(opts.data_size_out);
  Outcome& o = result.outcome;
  o.events = take_events();
  if (context_out.data == in_front + sizeof(arpl_ring_meta))
    std::memcpy(&o.ring_meta.emplace(), out.data(), sizeof(arpl_ring_meta));
  out.erase(out.begin(), out.begin() + context_out.data);
  o.frame = std::move(out);
  if (result.retval == XDP_REDIRECT)
    o.output = Output::ring;
  else if (result.retval == XDP_TX)
    o.output = Output::reflected;
  else if (result.retval == XDP_DROP)
    o.output = Output::dropped;
  else if (!std::ranges::equal(frame, o.frame))
    o.output = Output::to_child;
  return result;
}

Way BpfRunner::way(const Bytes& frame, std::uint32_t queue) const {
  Interpreter interpreter(skeleton_->progs.arpl_ingress, now());
  interpreter.run(build({.hrd = 7}), queue);  // malformed: it reads the clock and changes nothing
  return interpreter.run(frame, queue);
}

BpfRunner::EgressRun BpfRunner::run_egress(std::span<const std::uint8_t> frame) {
  for (const std::uint32_t index : pairs_touched_by(frame)) touched_.push_back(index);
  const auto before = egress_counts();
  const auto claimed_at_before = slots_[endpoint_slot].claimed_at;
  const std::uint64_t claims_before[2] = {claims(endpoint_slot), claims(sibling_slot)};
  EgressRun result;
  auto& leaves = result.outcome.frame;
  leaves.resize(frame.size());
  bpf_test_run_opts opts{};
  opts.sz = sizeof opts;
  opts.data_in = frame.data();
  opts.data_size_in = static_cast<__u32>(frame.size());
  opts.data_out = leaves.data();
  opts.data_size_out = static_cast<__u32>(leaves.size());
  opts.repeat = 1;
  const int error = bpf_prog_test_run_opts(
      egress_fd_ < 0 ? bpf_program__fd(skeleton_->progs.arpl_egress) : egress_fd_, &opts);
  if (error != 0) throw_errno(fmt::format("run {} bytes through egress", frame.size()), -error);
  result.retval = static_cast<int>(opts.retval);
  leaves.resize(opts.data_size_out);
  result.outcome.events = take_events();
  const auto after = egress_counts();
  result.outcome.grown = {.seen = after.seen - before.seen,
                          .confirmed = after.confirmed - before.confirmed,
                          .claims = after.claims - before.claims,
                          .self_tests = after.self_tests - before.self_tests,
                          .claims_dropped = after.claims_dropped - before.claims_dropped,
                          .would_drop_claims = after.would_drop_claims - before.would_drop_claims,
                          .strangers = after.strangers - before.strangers};
  if (claims(endpoint_slot) != claims_before[0]) result.outcome.claimed_slot = endpoint_slot;
  if (claims(sibling_slot) != claims_before[1]) result.outcome.claimed_slot = sibling_slot;
  result.outcome.contested = slots_[endpoint_slot].claimed_at != claimed_at_before;
  result.outcome.dropped = result.retval == TC_ACT_SHOT;
  read_heard(frame, result.outcome);
  return result;
}

void BpfRunner::read_heard(std::span<const std::uint8_t> frame, EgressOutcome& out) const {
  arpl_arp arp{};
  if (arpl_parse(frame.data(), frame.data() + frame.size(), &arp) != ARPL_PARSED) return;
  const auto heard = [&](arpl_heard kind, Ipv4 address) {
    return is_heard(heard_[heard_index(kind, address, arp.vlan)], kind, address, arp.vlan);
  };
  out.asked = heard(ARPL_HEARD_ASKED, arp.target_ip);
  out.answered = heard(ARPL_HEARD_ANSWERED, arp.sender_ip);
  out.station = is_station(heard_, arp.target_mac, raw(Clock::now()));
}

arpl_sender BpfRunner::sender(Mac mac) const {
  arpl_sender value{};
  bpf_map__lookup_elem(skeleton_->maps.macs, &mac, sizeof mac, &value, sizeof value, 0);
  return value;
}

}  // namespace arpline::packet
