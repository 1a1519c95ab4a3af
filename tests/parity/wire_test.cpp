// SPDX-License-Identifier: Apache-2.0
// Runs the rows on a wire: the loaded program on a veth, the worker on its AF_XDP sockets, and a peer that
// sends the frames and checks the replies.
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <thread>

#include "packet/check.hpp"
#include "parity/ways.hpp"
#include "parity/wire.hpp"
#include "port/xsk.hpp"

#include "arpline.skel.h"  // last: it needs the types of its read-only data

namespace arpline::parity {
namespace {

using packet::Row;

constexpr std::size_t kLongestOnTheWire = 1514;
constexpr std::size_t kShortestTagged = 20;  // net/core/skbuff.c skb_vlan_untag()
constexpr int kPatience = 1000;

// A veth has one queue, and the kernel drops a frame that is cut within its tag.
std::vector<Row> rows_for_the_wire() {
  std::vector<Row> found;
  for (const Row& row : packet::rows()) {
    const auto least = row.frame.tags.empty() ? kShortestTestRun : kShortestTagged;
    if (row.frame.bytes >= least && row.frame.bytes <= kLongestOnTheWire && row.queue == 0)
      found.push_back(row);
  }
  return found;
}

/// The program, the AF_XDP port and the peer.
class XskWay {
 public:
  static XskWay& shared() {
    static XskWay way;
    return way;
  }

  /// Runs the row's frame with the tables that `ways` has just installed.
  Seen run(Ways& ways, const Row& row) {
    const auto& tables = ways.program().left();
    if (row.state.socket && row.state.socket_queue == 0) port_.enable(bpf_map__fd(skeleton().maps.xsks_map));
    auto& credit = tables.credit[0];
    const auto sent = credit.sent;
    credit.sent = credit.consumed;
    Worker<XskPort> worker(port_, {.slots = tables.slots, .credit = tables.credit, .counts = &counts_},
                           orders_);
    credit.sent = sent;
    wire_.peer.send(packet::build(row.frame));
    wire_.peer.mark();
    const auto passed = wire_.parent.until_mark();
    for (int i = 0; i < kPatience && row.expect.output == packet::Output::ring && worker.step(Clock::now) == 0;
         ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    port_.wait(std::chrono::milliseconds{0});
    wire_.parent.mark();
    const auto replies = wire_.peer.until_mark();
    EXPECT_LE(passed.size() + replies.size(), 1U);
    Seen seen{.outcome = Outcome::drop, .frame = {}, .grown = {}, .events = {}};
    if (!passed.empty()) seen = {.outcome = Outcome::kernel, .frame = passed[0], .grown = {}, .events = {}};
    if (!replies.empty()) seen = {.outcome = Outcome::answer, .frame = replies[0], .grown = {}, .events = {}};
    return seen;
  }

 private:
  static const arpline_bpf& skeleton() { return packet::BpfRunner::shared().skeleton(); }

  Wire wire_{bpf_program__fd(skeleton().progs.arpl_ingress)};
  XskPort port_{Wire::kParent, 1, 1};
  arpl_engine_counts counts_{};
  Orders orders_;
};

class OnAWire : public testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    if (const auto reason = packet::BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  }
};

TEST_P(OnAWire, a_row_ends_in_the_same_bytes) {
  const Row& row = GetParam();
  Ways& ways = Ways::shared();
  auto& way = XskWay::shared();
  ways.install(row.state);
  auto expected = ways.run(packet::build(row.frame), 0).program;
  expected.grown.clear();
  expected.events.clear();
  ways.install(row.state);
  EXPECT_EQ(way.run(ways, row), expected);
}

INSTANTIATE_TEST_SUITE_P(Row, OnAWire, testing::ValuesIn(rows_for_the_wire()), packet::row_name<Row>);

}  // namespace
}  // namespace arpline::parity
