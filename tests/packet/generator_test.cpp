// SPDX-License-Identifier: Apache-2.0
// arpgen's frames: for any plan, the BPF program writes the same bytes as the C++ build.
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <set>

#include "arpgen/maker.hpp"
#include "arpgen/presets.hpp"
#include "arpgen/programs.hpp"
#include "arpgen/spec.hpp"
#include "arpgen/traffic.hpp"
#include "shared/packet.h"

namespace arpline::gen {
namespace {

using Frame = std::array<std::uint8_t, ARPGEN_MAX_FRAME_BYTES>;

const arpgen_pace kEndless{.duration_ns = ~0ULL >> 1U, .frames = ~0ULL};
const Identity kRequester{.address = 0x0a4d0001, .mac = 0x990034125452};
const std::string kTargets = "10.77.1.1-10.77.1.64";

std::vector<std::string> with_each_flaw() {
  std::vector<std::string> specs;
  for (const auto& flaw : flaws()) specs.push_back(fmt::format("who-has to={} flaw={}", kTargets, flaw.name));
  return specs;
}

/// Frame `index` as the BPF program writes it, into a page that holds a previous frame's bytes.
std::vector<std::uint8_t> made_by_kernel(const Programs& programs, const arpgen_plan& plan) {
  std::vector<std::uint8_t> in(std::max(plan.frame_bytes, ARPGEN_MIN_FRAME_BYTES), 0);
  std::fill_n(in.begin(), ARPGEN_MIN_FRAME_BYTES, 0xee);
  std::vector<std::uint8_t> out(ARPGEN_MAX_FRAME_BYTES);
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = in.data();
  options.data_size_in = static_cast<std::uint32_t>(in.size());
  options.data_out = out.data();
  options.data_size_out = static_cast<std::uint32_t>(out.size());
  options.repeat = 1;
  EXPECT_EQ(bpf_prog_test_run_opts(programs.generator_fd(), &options), 0);
  EXPECT_EQ(options.retval, static_cast<std::uint32_t>(XDP_REDIRECT));
  out.resize(options.data_size_out);
  return out;
}

std::vector<std::uint8_t> made_here(const Maker& maker, std::uint64_t index) {
  Frame frame{};
  const auto made = maker.make(index, 0, frame.data());
  return {frame.begin(), frame.begin() + made.bytes};
}

void expect_the_same_frames(const std::vector<std::string>& specs, std::uint64_t count) {
  auto plan = make_plan(specs, kRequester, 7);
  plan.plan.ifindex = 1;
  Programs programs(plan);
  programs.begin(kEndless);
  for (auto& target : programs.tables().targets.first(1)) target.mac = 0x0102030405060708 & ARPL_MAC_MASK;
  const Maker maker(plan, {.targets = programs.tables().targets});
  for (std::uint64_t index = 0; index < count; ++index) {
    ASSERT_EQ(made_by_kernel(programs, plan.plan), made_here(maker, index)) << specs[0] << ", frame " << index;
  }
}

class Generator : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "loading BPF programs needs root";
  }
};

TEST_F(Generator, makes_the_same_frames_in_the_kernel_for_every_preset) {
  for (const auto& one : presets()) expect_the_same_frames(preset(one.name, kTargets, ""), 500);
}

TEST_F(Generator, makes_the_same_frames_in_the_kernel_for_every_flaw) {
  for (const auto& spec : with_each_flaw()) expect_the_same_frames({spec}, 50);
}

TEST_F(Generator, makes_the_same_frames_in_the_kernel_for_every_kind_order_and_tag) {
  const auto to = " to=" + kTargets;
  for (const auto* asking : {"who-has", "probe", "reply", "claim"}) {
    for (const auto* how : {"", " order=sequential", " order=zipf:1.2", " vlan=100"})
      expect_the_same_frames({asking + to + how}, 100);
  }
  for (const auto* how :
       {" unicast", " from=10.77.0.1-10.77.0.9 macs=own", " from=10.77.0.0/24 requesters=sequential"}) {
    expect_the_same_frames({"who-has" + to + how}, 100);
  }
  expect_the_same_frames({"announcement from=10.77.0.0/24", "other vlan=7 weight=2", "reply" + to}, 300);
}

TEST_F(Generator, counts_in_the_kernel_what_it_counts_here) {
  const std::vector<std::string> specs{"who-has to=10.77.1.1-10.77.1.4 weight=3", "probe to=10.77.2.1",
                                       "other"};
  auto plan = make_plan(specs, kRequester, 3);
  plan.plan.ifindex = 1;
  Programs kernel(plan);
  kernel.begin(kEndless);
  const Programs here(plan);
  const Maker maker(plan, here.tables());
  for (std::uint64_t index = 0; index < 1000; ++index) {
    made_by_kernel(kernel, plan.plan);
    made_here(maker, index);
  }
  const auto a = kernel.tables();
  const auto b = here.tables();
  EXPECT_TRUE(std::ranges::equal(a.frames, b.frames));
  EXPECT_TRUE(std::ranges::equal(a.asked, b.asked));
  for (std::size_t i = 0; i < a.flows.size(); ++i) {
    EXPECT_EQ(a.flows[i].key, b.flows[i].key);
    EXPECT_EQ(a.flows[i].sent, b.flows[i].sent);
  }
}

}  // namespace
}  // namespace arpline::gen
