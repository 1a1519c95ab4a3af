// SPDX-License-Identifier: Apache-2.0
#include "packet/watched.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "arpline.skel.h"
#include "base/error.hpp"
#include "watched.skel.h"

namespace arpline::packet {
namespace {

// The records go into this; the pointer is libbpf's context.
int on_record(void* taken, void* data, std::size_t size) {
  arpl_watched_frame record{};
  if (size < sizeof record) return -EINVAL;
  std::memcpy(&record, data, sizeof record);
  static_cast<std::vector<arpl_watched_frame>*>(taken)->push_back(record);
  return 0;
}

void share_maps(bpf_object* object, const arpline_bpf& with) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, with.obj) {
    const std::string_view name = bpf_map__name(map);
    if (name.find('.') != std::string_view::npos) continue;  // constants
    if (bpf_map__reuse_fd(bpf_object__find_map_by_name(object, name.data()), bpf_map__fd(map)) != 0)
      throw_errno("share a map", errno);
  }
}

}  // namespace

Watched::Watched() : skeleton_(watched_bpf__open()) {
  if (skeleton_ == nullptr) throw_errno("open the BPF object", errno);
  auto& runner = BpfRunner::shared();
  share_maps(skeleton_->obj, runner.skeleton());
  skeleton_->rodata->arpl_keys = hash_keys;
  if (const int error = watched_bpf__load(skeleton_); error != 0) throw_errno("load the BPF programs", -error);
  ring_ = ring_buffer__new(bpf_map__fd(skeleton_->maps.watched), on_record, &taken_, nullptr);
  if (ring_ == nullptr) throw_errno("open the ring", errno);
}

Watched& Watched::shared() {
  static Watched watched;
  return watched;
}

void Watched::begin() {
  BpfRunner::shared().use(bpf_program__fd(skeleton_->progs.arpl_ingress),
                          bpf_program__fd(skeleton_->progs.arpl_egress));
  want(0, {.outcomes = ~0ULL, .flags = ARPL_WATCH_ON});
  for (std::uint32_t other = 1; other < ARPL_WATCHERS; ++other) want(other, {});
  take();
  left_out_before_ = all_left_out();
}

Watched::~Watched() {
  ring_buffer__free(ring_);
  watched_bpf__destroy(skeleton_);
}

void Watched::want(std::uint32_t watcher, const arpl_watch_filter& filter) {
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.watch_filters), &watcher, &filter, BPF_ANY) != 0)
    throw_errno("write a filter", errno);
}

std::vector<arpl_watched_frame> Watched::take() {
  taken_.clear();
  ring_buffer__consume(ring_);
  return taken_;
}

arpl_watch_left_out Watched::all_left_out() const {
  std::vector<arpl_watch_left_out> cpus(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  const std::uint32_t zero = 0;
  bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.watch_left_out), &zero, cpus.data());
  arpl_watch_left_out sum{};
  for (const auto& cpu : cpus)
    for (std::uint32_t i = 0; i < ARPL_WATCHERS; ++i) sum.frames[i] += cpu.frames[i];
  return sum;
}

std::uint64_t Watched::left_out(std::uint32_t watcher) const {
  return all_left_out().frames[watcher] - left_out_before_.frames[watcher];
}

std::vector<std::uint32_t> Watched::verified_instructions() const {
  std::vector<std::uint32_t> all;
  for (const auto* program :
       {skeleton_->progs.arpl_ingress, skeleton_->progs.xsk_def_prog, skeleton_->progs.arpl_egress}) {
    bpf_prog_info info{};
    __u32 length = sizeof info;
    if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &length) == 0)
      all.push_back(info.verified_insns);
  }
  return all;
}

}  // namespace arpline::packet
