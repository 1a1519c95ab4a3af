// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <cerrno>
#include <numeric>
#include <vector>

#include "base/error.hpp"
#include "endpoints/index.hpp"
#include "shared/hash.h"  // before the skeleton, which has its types

#include "limit.skel.h"

namespace arpline::limits {
namespace {

bpf_program* program_of(const limit_bpf& skeleton, Mode mode) {
  switch (mode) {
    case Mode::xdp_tx:
      return skeleton.progs.limit_xdp_tx;
    case Mode::xdp_tx_hash:
      return skeleton.progs.limit_xdp_tx_hash;
    case Mode::xdp_tx_index:
      return skeleton.progs.limit_xdp_tx_index;
    case Mode::to_child:
      return skeleton.progs.limit_to_child;
    case Mode::af_xdp:
      return skeleton.progs.limit_af_xdp;
    case Mode::pass:
      return skeleton.progs.limit_pass;
    case Mode::drop:
      return skeleton.progs.limit_drop;
  }
  return nullptr;
}

template <class Key, class Value>
void update(bpf_map* map, const Key& key, const Value& value) {
  const int error = bpf_map__update_elem(map, &key, sizeof key, &value, sizeof value, BPF_ANY);
  if (error != 0) throw_errno(fmt::format("fill the map {}", bpf_map__name(map)), -error);
}

arpl_endpoint_key key_of(const Children& children, std::uint32_t number) {
  return {.address = htonl(children.first_ip + number), .vlan = 0, .zero = 0};
}

}  // namespace

Program::Program(Mode mode, const Children& children) : skeleton_(limit_bpf__open()), mode_(mode) {
  if (skeleton_ == nullptr) throw_errno("open the BPF object", errno);
  skeleton_->rodata->first_ip = children.first_ip;
  skeleton_->rodata->first_mac_high = static_cast<std::uint16_t>(children.first_mac >> 32U);
  skeleton_->rodata->first_mac_low = static_cast<std::uint32_t>(children.first_mac);
  skeleton_->rodata->count = children.count;
  if (const int error = limit_bpf__load(skeleton_); error != 0) {
    limit_bpf__destroy(skeleton_);
    throw_errno("load the BPF programs", -error, "run as root");
  }
  try {
    if (mode_ == Mode::xdp_tx_hash) fill_hash(children);
    if (mode_ == Mode::xdp_tx_index) fill_index(children);
  } catch (...) {
    limit_bpf__destroy(skeleton_);
    throw;
  }
}

Program::~Program() {
  link_.reset();
  limit_bpf__destroy(skeleton_);
}

void Program::fill_hash(const Children& children) {
  for (std::uint32_t i = 0; i < children.count; ++i)
    update(skeleton_->maps.endpoints, key_of(children, i), arpl_endpoint{.slot = i});
}

void Program::fill_index(const Children& children) {
  std::vector<arpl_index_set> buckets(ARPL_INDEX_SETS);
  std::vector<std::uint64_t> filter(ARPL_FILTER_WORDS);
  Index index(buckets, filter, skeleton_->rodata->hash_keys.factor);
  for (std::uint32_t i = 0; i < children.count; ++i) index.put(key_of(children, i), i);
  for (std::uint32_t i = 0; i < buckets.size(); ++i) update(skeleton_->maps.endpoint_index, i, buckets[i]);
}

void Program::attach(const std::string& interface) {
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) throw_errno(fmt::format("{}: look up the interface", interface), errno);
  const bpf_program* program = program_of(*skeleton_, mode_);
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  options.flags = XDP_FLAGS_DRV_MODE;
  const int fd = bpf_link_create(bpf_program__fd(program), static_cast<int>(index), BPF_XDP, &options);
  if (fd < 0) {
    throw_errno(fmt::format("{}: attach {} in native mode", interface, bpf_program__name(program)), -fd,
                fd == -EBUSY ? "another XDP program is there; detach it" : "does its driver have native XDP?");
  }
  link_.reset(fd);
}

int Program::sockets_fd() const {
  return bpf_map__fd(skeleton_->maps.sockets);
}

std::uint64_t Program::handled() const {
  std::vector<std::uint64_t> of_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  const std::uint32_t zero = 0;
  const int error = bpf_map__lookup_elem(skeleton_->maps.handled, &zero, sizeof zero, of_cpu.data(),
                                         of_cpu.size() * sizeof of_cpu[0], 0);
  if (error != 0) throw_errno("read the counters", -error);
  return std::accumulate(of_cpu.begin(), of_cpu.end(), std::uint64_t{0});
}

}  // namespace arpline::limits
