// SPDX-License-Identifier: Apache-2.0
#include "arpgen/run.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <thread>

#include "arpgen/bpf/histogram.h"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/shared_word.hpp"

namespace arpline::gen {
namespace {

constexpr std::chrono::milliseconds kLook{1};
constexpr std::uint64_t kWatchNs = 1'000'000'000;
// The handler does nothing, but unlike an ignored signal a handled one interrupts the sender's system call.
constexpr int kInterrupt = SIGURG;

arpgen_pace in_nanoseconds(const Pace& pace, const arpgen_plan& plan) {
  arpgen_pace out{};
  out.seed = plan.seed;
  out.deadline_ns = plan.deadline_ns;
  out.duration_ns = static_cast<std::uint64_t>(pace.seconds * 1e9);
  out.frames = pace.frames;
  out.window = pace.window;
  out.poisson = pace.poisson ? 1 : 0;
  if (pace.per_second) {
    const double gap_ns = std::min(1e9 / *pace.per_second, static_cast<double>(ARPGEN_MAX_GAP_NS));
    out.gap = std::max<std::uint64_t>(static_cast<std::uint64_t>(gap_ns * (1U << ARPGEN_GAP_BITS)), 1);
  }
  return out;
}

void pin(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  const int error = pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  if (error != 0)
    throw_errno(fmt::format("send from CPU {}", cpu), error, "see `nproc` for how many there are");
}

void let_interrupt() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(kInterrupt, &action, nullptr);
}

}  // namespace

Run::Run(const Plan& plan, Programs& programs, Source& source, const std::atomic<bool>& stop)
    : plan_(plan), programs_(programs), source_(source), stop_(stop), tables_(programs.tables()) {
  let_interrupt();
}

Results Run::go(const Pace& pace, const Watcher& watcher) {
  programs_.reset();
  send(pace, watcher);
  await_answers();
  return snapshot(true);
}

void Run::send(const Pace& pace, const Watcher& watcher) {
  std::exception_ptr failed;
  std::atomic<bool> returned = false;
  std::thread sender([&] {
    try {
      if (pace.cpu) pin(*pace.cpu);
      source_.run(in_nanoseconds(pace, plan_.plan));
    } catch (...) {
      failed = std::current_exception();
    }
    returned = true;
  });
  std::uint64_t watch_at = raw(Clock::now()) + kWatchNs;
  while (!returned) {
    std::this_thread::sleep_for(kLook);
    const auto now = raw(Clock::now());
    if (watcher && now >= watch_at) {
      watcher(snapshot(false));
      watch_at += kWatchNs;
    }
    if (stop_ && relaxed_load(tables_.progress->ended_at) == 0) store_shared(tables_.progress->ended_at, now);
    if (relaxed_load(tables_.progress->ended_at) != 0) pthread_kill(sender.native_handle(), kInterrupt);
  }
  sender.join();
  if (failed) std::rethrow_exception(failed);
}

// Any answer to a request counts, right or wrong.
void Run::await_answers() const {
  const auto& progress = *tables_.progress;
  const auto end = progress.ended_at + plan_.plan.deadline_ns;
  while (!stop_ && raw(Clock::now()) < end && relaxed_load(*tables_.settled) < progress.asked)
    std::this_thread::sleep_for(kLook);
}

Results Run::snapshot(bool with_addresses) const {
  const auto& progress = *tables_.progress;
  const auto ended = relaxed_load(progress.ended_at);
  Results results;
  results.seed = plan_.plan.seed;
  results.deadline_ns = plan_.plan.deadline_ns;
  if (const auto started = relaxed_load(progress.started_at); started != 0)
    results.seconds = static_cast<double>((ended != 0 ? ended : raw(Clock::now())) - started) / 1e9;
  for (std::uint32_t i = 0; i < plan_.plan.stream_count; ++i) {
    const auto& stream = plan_.plan.streams[i];
    const auto buckets = tables_.histogram.subspan(std::size_t{i} * ARPGEN_BUCKETS, ARPGEN_BUCKETS);
    const auto frames = relaxed_load(tables_.frames[i]);
    results.streams.push_back({.name = plan_.names[i],
                               .frames = frames,
                               .asked = stream.flow_count > 0 ? frames : 0,
                               .answers = tables_.answers[i],
                               .histogram = {buckets.begin(), buckets.end()}});
    if (!with_addresses || stream.flow_count == 0 || plan_.plan.count_only != 0) continue;
    for (std::uint32_t k = 0; k < stream.target_count; ++k) {
      const auto& target = tables_.targets[stream.first_target + k];
      results.addresses.push_back({.address = stream.target_first + k,
                                   .vlan = stream.vlan,
                                   .mac = target.mac,
                                   .asked = tables_.asked[stream.first_target + k],
                                   .answered = target.answered});
    }
  }
  return results;
}

}  // namespace arpline::gen
