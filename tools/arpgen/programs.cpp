// SPDX-License-Identifier: Apache-2.0
#include "arpgen/programs.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdarg>
#include <cstring>
#include <limits>
#include <vector>

#include "arpgen.skel.h"
#include "arpgen/bpf/histogram.h"
#include "base/error.hpp"
#include "base/foreign_text.hpp"
#include "base/shared_word.hpp"

namespace arpline::gen {
namespace {

// The kernel sends a batch when it is full. At full speed a large one makes the cost of a batch negligible;
// with a pace a small one is better, because runs that drop their frame count too.
constexpr std::uint32_t kBatch = 64;
constexpr std::uint32_t kPacedBatch = 8;

std::uint32_t page_rounded(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return static_cast<std::uint32_t>((bytes + page - 1) / page * page);
}

void resize(bpf_map* map, std::size_t entries) {
  const int error =
      bpf_map__set_max_entries(map, static_cast<std::uint32_t>(std::max<std::size_t>(entries, 1)));
  if (error != 0) throw_errno(fmt::format("set the size of BPF map {}", bpf_map__name(map)), -error);
}

Mapped memory_of(const bpf_map* map) {
  const std::size_t bytes = std::size_t{bpf_map__value_size(map)} * bpf_map__max_entries(map);
  return {bpf_map__fd(map), page_rounded(bytes), true, bpf_map__name(map)};
}

std::size_t flows_of(const arpgen_plan& plan) {
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < plan.stream_count; ++i)
    count = std::max<std::size_t>(count, plan.streams[i].first_flow + plan.streams[i].flow_count);
  return count;
}

std::size_t targets_of(const arpgen_plan& plan) {
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < plan.stream_count; ++i)
    count = std::max<std::size_t>(count, plan.streams[i].first_target + plan.streams[i].target_count);
  return std::min<std::size_t>(count, ARPGEN_MAX_TARGETS);
}

// The quantiles at the middles of ARPGEN_QUANTILES equal parts, scaled to a mean of 1.
std::vector<std::uint32_t> exponential_quantiles() {
  std::vector<double> exact;
  exact.reserve(ARPGEN_QUANTILES);
  double sum = 0;
  for (std::uint32_t i = 0; i < ARPGEN_QUANTILES; ++i) {
    exact.push_back(-std::log((i + 0.5) / ARPGEN_QUANTILES));
    sum += exact.back();
  }
  std::vector<std::uint32_t> scaled;
  scaled.reserve(ARPGEN_QUANTILES);
  for (const auto one : exact)
    scaled.push_back(
        static_cast<std::uint32_t>(std::lround(one / sum * ARPGEN_QUANTILES * (1U << ARPGEN_QUANTILE_BITS))));
  return scaled;
}

template <class T>
void clear(std::span<T> entries) {
  std::memset(static_cast<void*>(entries.data()), 0, entries.size_bytes());
}

}  // namespace

Programs::Programs(const Plan& plan)
    : skeleton_(arpgen_bpf::open(), arpgen_bpf::destroy),
      frame_bytes_(std::max(plan.plan.frame_bytes, ARPGEN_MIN_FRAME_BYTES)) {
  libbpf_set_print(nullptr);  // arpgen prints its own one-line errors
  if (!skeleton_) throw_errno("open arpgen's BPF programs", errno);
  skeleton_->rodata->plan = plan.plan;
  skeleton_->rodata->plan.frame_bytes = frame_bytes_;
  resize(skeleton_->maps.flows, flows_of(plan.plan));
  resize(skeleton_->maps.asked, targets_of(plan.plan));
  resize(skeleton_->maps.targets, targets_of(plan.plan));
  resize(skeleton_->maps.zipf, plan.zipf.size());
  const int error = arpgen_bpf::load(skeleton_.get());
  if (error != 0) throw_errno("load arpgen's BPF programs", -error, "run as root on kernel 5.18 or later");
  flows_ = memory_of(skeleton_->maps.flows);
  asked_ = memory_of(skeleton_->maps.asked);
  targets_ = memory_of(skeleton_->maps.targets);
  answers_ = memory_of(skeleton_->maps.answers);
  histogram_ = memory_of(skeleton_->maps.histogram);
  exponential_ = memory_of(skeleton_->maps.exponential);
  zipf_ = memory_of(skeleton_->maps.zipf);
  std::ranges::copy(plan.zipf, zipf_.as<std::uint64_t>().begin());
  std::ranges::copy(exponential_quantiles(), exponential_.as<std::uint64_t>().begin());
}

Programs::~Programs() = default;

void Programs::attach_meter(const std::string& interface) {
  const int program = bpf_program__fd(skeleton_->progs.arpgen_meter);
  const auto ifindex = static_cast<int>(skeleton_->rodata->plan.ifindex);
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  options.flags = XDP_FLAGS_DRV_MODE;
  link_ = Fd{bpf_link_create(program, ifindex, BPF_XDP, &options)};
  if (!link_ && errno == EOPNOTSUPP) {
    options.flags = XDP_FLAGS_SKB_MODE;
    generic_ = true;
    link_ = Fd{bpf_link_create(program, ifindex, BPF_XDP, &options)};
  }
  if (!link_) {
    throw_errno(visible(interface) + ": attach the meter", errno,
                errno == EBUSY || errno == EEXIST
                    ? "another XDP program is there; remove it, or use another interface"
                    : "run as root");
  }
}

void Programs::begin(const arpgen_pace& pace) noexcept {
  skeleton_->bss->pace = pace;
  skeleton_->bss->clock = 0;
}

void Programs::generate(const arpgen_pace& pace) {
  std::array<std::uint8_t, ARPGEN_MAX_FRAME_BYTES> frame{};
  xdp_md context{};
  context.data_end = frame_bytes_;
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = frame.data();
  options.data_size_in = frame_bytes_;
  options.ctx_in = &context;
  options.ctx_size_in = sizeof context;
  options.repeat = std::numeric_limits<int>::max();
  options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  options.batch_size = pace.gap != 0 || pace.window != 0 ? kPacedBatch : kBatch;
  begin(pace);
  do {
    const int error = bpf_prog_test_run_opts(generator_fd(), &options);
    if (error != 0 && error != -EINTR && error != -EAGAIN) {
      throw_errno("make frames in the kernel", -error, "--source packet works on any kernel");
    }
  } while (load_shared(skeleton_->bss->progress.ended_at) == 0);
}

int Programs::generator_fd() const noexcept {
  return bpf_program__fd(skeleton_->progs.arpgen_generate);
}

void Programs::reset() noexcept {
  const auto all = tables();
  clear(all.flows);
  clear(all.asked);
  clear(all.targets);
  clear(all.answers);
  clear(all.histogram);
  clear(all.frames);
  skeleton_->bss->progress = {};
  skeleton_->bss->settled = 0;
}

Tables Programs::tables() const noexcept {
  return {.flows = flows_.as<arpgen_flow>(),
          .asked = asked_.as<std::uint64_t>(),
          .targets = targets_.as<arpgen_target>(),
          .answers = answers_.as<arpgen_answers>().first(ARPGEN_MAX_STREAMS),
          .histogram = histogram_.as<std::uint64_t>().first(std::size_t{ARPGEN_MAX_STREAMS} * ARPGEN_BUCKETS),
          .exponential = exponential_.as<const std::uint64_t>(),
          .frames = {reinterpret_cast<std::uint64_t*>(skeleton_->bss->frames), ARPGEN_MAX_STREAMS},
          .progress = &skeleton_->bss->progress,
          .settled = &skeleton_->bss->settled};
}

}  // namespace arpline::gen
