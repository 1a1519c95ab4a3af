// SPDX-License-Identifier: Apache-2.0
#include "kernel/watched_programs.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "kernel/libbpf_log.hpp"
#include "watched.skel.h"

namespace arpline {
namespace {

void reuse_maps(const watched_bpf& skeleton, const Maps& maps) {
  for (const auto& name : map_names()) {
    bpf_map* map = bpf_object__find_map_by_name(skeleton.obj, name.c_str());
    if (const int error = bpf_map__reuse_fd(map, maps.fd(name)); error != 0)
      throw_errno("share BPF map " + name + " with the programs that watch", -error);
  }
}

bpf_program* ingress_of(const watched_bpf& skeleton, IngressProgram ingress) {
  return ingress == IngressProgram::for_net_af_xdp ? skeleton.progs.xsk_def_prog : skeleton.progs.arpl_ingress;
}

}  // namespace

void WatchedPrograms::CloseSkeleton::operator()(watched_bpf* skeleton) const noexcept {
  watched_bpf__destroy(skeleton);
}

void WatchedPrograms::FreeRing::operator()(ring_buffer* ring) const noexcept {
  ring_buffer__free(ring);
}

WatchedPrograms::WatchedPrograms(const Maps& maps, IngressProgram ingress) : ingress_(ingress) {
  skeleton_.reset(watched_bpf__open());
  if (!skeleton_) throw_errno("open the BPF object of the programs that watch", errno);
  for (auto* program : {skeleton_->progs.arpl_ingress, skeleton_->progs.xsk_def_prog})
    bpf_program__set_autoload(program,
                              ingress != IngressProgram::none && program == ingress_of(*skeleton_, ingress));
  reuse_maps(*skeleton_, maps);
  skeleton_->rodata->arpl_keys = maps.hash_keys();
  forget_libbpf_line();
  if (const int error = watched_bpf__load(skeleton_.get()); error != 0)
    throw_errno(fmt::format("load the BPF programs that watch ({})", last_libbpf_line()), -error);
  filters_ = Mapped(bpf_map__fd(skeleton_->maps.watch_filters), sizeof(arpl_watch_filter) * ARPL_WATCHERS, true,
                    "watch_filters");
  ring_.reset(ring_buffer__new(bpf_map__fd(skeleton_->maps.watched), on_sample, this, nullptr));
  if (!ring_) throw_errno("open the ring buffer of watched frames", errno);
}

WatchedPrograms::~WatchedPrograms() = default;

int WatchedPrograms::ingress_fd() const noexcept {
  return ingress_ == IngressProgram::none ? -1 : bpf_program__fd(ingress_of(*skeleton_, ingress_));
}

int WatchedPrograms::egress_fd() const noexcept {
  return bpf_program__fd(skeleton_->progs.arpl_egress);
}

arpl_watch_left_out WatchedPrograms::left_out() const {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 1) throw_errno("count the CPUs", -cpus);
  std::vector<arpl_watch_left_out> all(static_cast<std::size_t>(cpus));
  const std::uint32_t only = 0;
  if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.watch_left_out), &only, all.data()) != 0)
    throw_errno("read BPF map watch_left_out", errno);
  arpl_watch_left_out sum{};
  for (const auto& cpu : all)
    for (std::size_t i = 0; i < ARPL_WATCHERS; ++i) sum.frames[i] += cpu.frames[i];
  return sum;
}

int WatchedPrograms::fd() const noexcept {
  return ring_buffer__epoll_fd(ring_.get());
}

// A negative result makes libbpf stop; the frames behind it stay in the ring. The one at hand is consumed.
int WatchedPrograms::on_sample(void* self, void* data, std::size_t bytes) noexcept {
  auto& programs = *static_cast<WatchedPrograms*>(self);
  arpl_watched_frame frame{};
  if (bytes >= sizeof frame) {
    std::memcpy(&frame, data, sizeof frame);
    (*programs.handler_)(frame);
  }
  return --programs.left_ > 0 ? 0 : -EAGAIN;
}

void WatchedPrograms::drain(const Handler& handler, int most) noexcept {
  handler_ = &handler;
  left_ = most;
  ring_buffer__consume(ring_.get());
  handler_ = nullptr;
}

}  // namespace arpline
