// SPDX-License-Identifier: Apache-2.0
#include "arpline/doctor/drop_sample.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include "arpline/attached.hpp"
#include "arpline/doctor/bpf/drops.h"
#include "base/error.hpp"
#include "doctor_drops.skel.h"

namespace arpline::doctor {
namespace {

// macvlan_broadcast_enqueue() frees the frame that the full queue has no room for; most kernels inline it into
// macvlan_handle_frame(). Compilers name a part of a function with a suffix behind a dot.
bool is_receive_path(std::string_view symbol) {
  const auto name = symbol.substr(0, symbol.find('.'));
  return name == "macvlan_broadcast_enqueue" || name == "macvlan_handle_frame";
}

// A symbol's code ends at the next higher symbol, which may be anywhere in the list.
std::vector<doctor_code> receive_path() {
  std::vector<doctor_code> code;
  std::vector<std::uint64_t> addresses;
  std::ifstream symbols{"/proc/kallsyms"};
  for (std::string line; std::getline(symbols, line);) {
    std::istringstream words{line};
    std::uint64_t address = 0;
    char type = 0;
    std::string name;
    if (!(words >> std::hex >> address >> type >> name) || address == 0) continue;
    addresses.push_back(address);
    if (is_receive_path(name)) code.push_back({.start = address, .end = 0});
  }
  std::ranges::sort(addresses);
  for (auto& one : code) {
    const auto next = std::ranges::upper_bound(addresses, one.start);
    one.end = next == addresses.end() ? std::numeric_limits<std::uint64_t>::max() : *next;
  }
  return code;
}

// The loaded BPF program; counts from its constructor to its destructor.
class Counter {
 public:
  Counter() {
    const auto code = receive_path();
    if (code.empty())
      throw SetupError("/proc/kallsyms does not tell where macvlan's code is; sysctl kernel.kptr_restrict=1");
    const QuietLibbpf quiet;
    skeleton_.reset(doctor_drops_bpf__open());
    if (!skeleton_) throw_errno("open the drop counter", errno);
    for (std::size_t i = 0; i < std::min<std::size_t>(code.size(), DOCTOR_MAX_CODE); ++i)
      skeleton_->rodata->code[i] = code[i];
    if (const int error = doctor_drops_bpf__load(skeleton_.get()); error != 0)
      throw_errno("load the drop counter", -error, "it needs CAP_BPF, CAP_PERFMON and a kernel with BTF");
    if (const int error = doctor_drops_bpf__attach(skeleton_.get()); error != 0)
      throw_errno("attach the drop counter to the tracepoint kfree_skb", -error);
  }

  int map() const { return bpf_map__fd(skeleton_->maps.drops); }

 private:
  struct Close {
    void operator()(doctor_drops_bpf* skeleton) const noexcept { doctor_drops_bpf__destroy(skeleton); }
  };
  std::unique_ptr<doctor_drops_bpf, Close> skeleton_;
};

doctor_parent key_of(const Parent& parent, std::uint64_t netns_inode) {
  return {.ifindex = static_cast<__u32>(parent.link.ifindex), .netns_inode = static_cast<__u32>(netns_inode)};
}

}  // namespace

void sample_drops(Netlink& route, const std::vector<Parent*>& parents, std::uint64_t netns_inode,
                  std::chrono::milliseconds duration) {
  const Counter counter;
  const int map = counter.map();
  const doctor_drops none{};
  for (auto* parent : parents) {
    const auto key = key_of(*parent, netns_inode);
    if (bpf_map_update_elem(map, &key, &none, BPF_ANY) != 0) throw_errno("prepare the drop counter", errno);
    parent->rx_dropped = rx_dropped(route, parent->link.ifindex).value_or(0);
  }
  const auto start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(duration);
  for (auto* parent : parents) {
    const auto key = key_of(*parent, netns_inode);
    doctor_drops counted{};
    if (bpf_map_lookup_elem(map, &key, &counted) != 0) throw_errno("read the drop counter", errno);
    const auto now = rx_dropped(route, parent->link.ifindex).value_or(parent->rx_dropped);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    parent->drops = {.seconds = elapsed.count(),
                     .broadcast_queue = counted.broadcast_queue,
                     .rx_dropped = now - std::min(now, parent->rx_dropped)};
    parent->rx_dropped = now;
  }
}

}  // namespace arpline::doctor
