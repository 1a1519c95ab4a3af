// SPDX-License-Identifier: Apache-2.0
#include "harness.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "arpline.skel.h"
#include "base/error.hpp"
#include "shared/hash.h"  // before the skeleton, which has its types

#include "limit.skel.h"
#include "restore.skel.h"

namespace arpline::bench {
namespace {

void reuse(bpf_map* map, const bpf_map* of_arpline) {
  const int error = bpf_map__reuse_fd(map, bpf_map__fd(of_arpline));
  if (error != 0) throw_errno(fmt::format("take over {}", bpf_map__name(map)), -error);
}

void put(const bpf_map* map, std::uint32_t key, const void* value) {
  const int error = bpf_map_update_elem(bpf_map__fd(map), &key, value, BPF_ANY);
  if (error != 0) throw_errno(fmt::format("write {}", bpf_map__name(map)), -error);
}

void put_program(const bpf_map* map, std::uint32_t key, const bpf_program* program) {
  const int fd = bpf_program__fd(program);
  put(map, key, &fd);
}

// Returns nanoseconds per frame.
double run(const bpf_program* program, const packet::Bytes& frame, xdp_md* context) {
  bpf_test_run_opts opts{};
  opts.sz = sizeof opts;
  opts.data_in = frame.data();
  opts.data_size_in = static_cast<__u32>(frame.size());
  opts.ctx_in = context;
  opts.ctx_size_in = context != nullptr ? sizeof *context : 0;
  opts.repeat = Harness::batch;
  const int error = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);
  if (error != 0) {
    throw_errno(fmt::format("run {} bytes through {}", frame.size(), bpf_program__name(program)), -error);
  }
  return opts.duration;
}

}  // namespace

Harness::Harness(packet::BpfRunner& runner)
    : runner_(runner), limits_(limit_bpf__open_and_load()), ifindex_(if_nametoindex("parent")) {
  if (limits_ == nullptr) throw_errno("load the limit programs", errno);
  restore_ = restore_bpf__open();
  if (restore_ == nullptr) throw_errno("open the restoring programs", errno);
  const auto& arpline = runner_.skeleton();
  reuse(restore_->maps.slots, arpline.maps.slots);
  reuse(restore_->maps.pairs, arpline.maps.pairs);
  reuse(restore_->maps.buckets, arpline.maps.buckets);
  reuse(restore_->maps.credit, arpline.maps.credit);
  if (const int error = restore_bpf__load(restore_); error != 0) {
    throw_errno("load the restoring programs", -error);
  }
  put_program(restore_->maps.targets, BENCH_ARPLINE, arpline.progs.arpl_ingress);
  put_program(restore_->maps.targets, BENCH_EMPTY, limits_->progs.limit_pass);
  put_program(restore_->maps.targets, BENCH_REFLECTOR, limits_->progs.limit_xdp_tx);
}

Harness::~Harness() {
  restore_bpf__destroy(restore_);
  limit_bpf__destroy(limits_);
}

void Harness::put_back_before_each_frame(const packet::Row& row) {
  const packet::Bytes frame = packet::build(row.frame);
  const std::uint64_t now = runner_.now();
  const packet::Contents contents = packet::realise(row.state, now);
  bench_row out{};
  std::memcpy(out.frame, frame.data(), std::min(frame.size(), sizeof out.frame));
  out.pair = contents.pairs.at(0).first;
  out.pair_word = contents.pairs.at(0).second.words[0];
  out.source = packet::source_index(row.frame.eth_src);
  for (const auto& [index, word] : contents.buckets) {
    if (index == out.source) out.source_word = word;
    if (index == ARPL_BUCKET_TO_CHILD) out.to_child_word = word;
    if (index == ARPL_BUCKET_EVENTS) out.events_word = word;
  }
  out.queue = contents.queue;
  out.credit_sent = contents.credit.sent;
  for (std::size_t i = 0; i < 2; ++i) {
    out.slot[i] = contents.slots.at(i).first;
    out.slot_as_it_was[i] = contents.slots.at(i).second;
  }
  put(restore_->maps.row, 0, &out);
}

double Harness::run_wire(const bpf_program* program, const packet::Row& row) const {
  const packet::Bytes frame = packet::build(row.frame);
  xdp_md context{};
  context.data_end = static_cast<__u32>(frame.size());
  context.ingress_ifindex = ifindex_;
  context.rx_queue_index = row.queue;
  return run(program, frame, &context);
}

double Harness::empty(const packet::Row& row) {
  return run_wire(limits_->progs.limit_pass, row);
}

double Harness::empty(const packet::EgressRow& row) {
  return run(restore_->progs.bench_empty_tc, packet::build(row.frame), nullptr);
}

std::optional<packet::Way> Harness::way(const packet::Row& row) {
  if (!row.state.socket) return std::nullopt;
  runner_.install(row.state);
  return runner_.way(packet::build(row.frame), row.queue);
}

double Harness::measure(bench_target target, const packet::Row& row) {
  const std::array programs{restore_->progs.bench_arpline, restore_->progs.bench_empty,
                            restore_->progs.bench_reflector};
  runner_.install(row.state);
  put_back_before_each_frame(row);
  return run_wire(programs.at(target), row);
}

// Needs no restoring, because this program changes neither the frame nor its state.
double Harness::measure(const packet::EgressRow& row) {
  runner_.install(row.state);
  return run(runner_.skeleton().progs.arpl_egress, packet::build(row.frame), nullptr);
}

}  // namespace arpline::bench
