// SPDX-License-Identifier: Apache-2.0
// The maps of a parent as its programs have them, made by this kernel; no program is loaded.
#pragma once

#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "kernel/maps.hpp"

#include "arpline.skel.h"  // after what it uses

namespace arpline {

class RealMaps {
 public:
  RealMaps() {
    libbpf_set_print(nullptr);
    skeleton_.reset(arpline_bpf__open());
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, skeleton_->obj) bpf_program__set_autoload(program, false);
    if (arpline_bpf__load(skeleton_.get()) != 0) return;
    std::map<std::string, int> fds;
    for (const auto& name : map_names())
      fds[name] = bpf_map__fd(bpf_object__find_map_by_name(skeleton_->obj, name.c_str()));
    maps_ = Maps::from_fds(fds, true);
    arpl_meta meta{};
    meta.abi_version = ARPL_ABI_VERSION;
    meta.hash_key[0] = 1;
    meta.hash_key[1] = 2;
    maps_->set_meta(meta);
  }

  /// False where this process may make none.
  explicit operator bool() const { return maps_.has_value(); }
  const Maps& operator*() const { return *maps_; }

 private:
  struct Destroy {
    void operator()(arpline_bpf* skeleton) const { arpline_bpf__destroy(skeleton); }
  };
  std::unique_ptr<arpline_bpf, Destroy> skeleton_;
  std::optional<Maps> maps_;
};

}  // namespace arpline
