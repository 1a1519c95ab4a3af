// SPDX-License-Identifier: Apache-2.0
// Replays a capture of the rows' frames: the sums must match the rows' verdicts.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "arpline/replay/report.hpp"
#include "arpline/replay/write.hpp"
#include "base/output.hpp"
#include "packet/rows.hpp"

namespace arpline::packet {
namespace {

using Counts = std::map<std::string, std::uint64_t>;

constexpr std::uint64_t kStart = 1'700'000'000 * seconds;
// Longer than pairs, claims and announcements of a row last, and than budgets take to refill.
constexpr std::uint64_t kBetweenRows = 200 * seconds;

struct Answered {
  Mac mac = 0;
  Ipv4 address = 0;
};

// Whether a capture can produce the state: endpoints confirmed, the requester's pair fresh or absent, one
// queue.
bool is_plain(const State& state) {
  State plain = state;
  plain.pair = Pair::absent;
  return plain == State{} && (state.pair == Pair::absent || state.pair == Pair::fresh);
}

bool is_sent(const Row& row) {
  const auto source = row.frame.eth_src;
  return row.frame.bytes >= 14 && (source == parent_mac || source == endpoint_mac || source == sibling_mac);
}

// The rows that a capture can show. `sent`: those that own MACs sent, which otherwise come in from the wire.
std::vector<const Row*> shown(bool sent) {
  std::vector<const Row*> found;
  for (const auto& row : rows())
    if (is_plain(row.state) && row.queue == 0 && is_sent(row) == sent) found.push_back(&row);
  return found;
}

class Recorded {
 public:
  Recorded() : path_(std::filesystem::temp_directory_path() / ("arpline-rows-" + std::to_string(getpid()))) {}
  ~Recorded() { std::filesystem::remove(path_); }
  Recorded(const Recorded&) = delete;
  Recorded& operator=(const Recorded&) = delete;

  void add(const Bytes& frame, std::uint64_t time_ns) {
    writer_.frame(0, time_ns, std::as_bytes(std::span{frame}), static_cast<std::uint32_t>(frame.size()));
  }

  // Replays without the fast path and without limits, as in the rows.
  Counts replayed(bool inbound) {
    writer_.finish();
    output_.commit();
    auto network =
        replay::network_of({.endpoints = {"10.1.0.5/24=02:42:0a:01:00:05", "10.1.0.6/24=02:42:0a:01:00:06"},
                            .own_macs = {"02:00:00:00:00:01"}},
                           {});
    network.limits.flags = 0;
    const auto host = std::make_unique<replay::ReplayHost>(network, replay::Ways{.inbound = inbound});
    replay::Capture capture{path_};
    for (replay::Captured frame; capture.next(frame);) host->see(frame);
    const auto sums = replay::to_json(*host);
    Counts counts;
    for (const auto& [name, count] : sums["verdicts"].items())
      if (count != 0) counts[name] = count;
    counts["not ARP"] = sums["not_arp"];
    return counts;
  }

 private:
  static constexpr std::array<std::string_view, 1> kInterfaces{"rows"};

  std::filesystem::path path_;
  OutputFile output_{path_};
  replay::Writer writer_{output_.file(), output_.path(), kInterfaces};
};

Bytes answer_to(Ipv4 endpoint, Mac its_mac, Answered requester) {
  return kernel_reply({.sender_mac = requester.mac, .sender_ip = requester.address, .target_ip = endpoint},
                      its_mac);
}

// The who-has that the kernel answered.
Bytes question_of(Ipv4 endpoint, Answered requester) {
  return build({.eth_src = requester.mac,
                .sender_mac = requester.mac,
                .sender_ip = requester.address,
                .target_ip = endpoint});
}

Counts expected(const std::vector<const Row*>& chosen) {
  Counts counts{{"not ARP", 0}, {"to_child_new", 2 * chosen.size()}};
  for (const auto* row : chosen)
    ++counts[row->expect.verdict ? counter_name(static_cast<std::size_t>(*row->expect.verdict)) : "not ARP"];
  return counts;
}

TEST(ReplayedRowsTest, sums_are_what_the_rows_expect) {
  const auto chosen = shown(false);
  Recorded recorded;
  auto now = kStart;
  for (const auto* row : chosen) {
    const Answered requester = row->state.pair == Pair::fresh
                                   ? Answered{row->state.requester_mac, row->state.requester_ip}
                                   : Answered{stranger_mac, ip(10, 1, 0, 200)};
    const Answered other{stranger_mac, ip(10, 1, 0, 201)};
    recorded.add(question_of(endpoint_ip, requester), now);
    recorded.add(answer_to(endpoint_ip, endpoint_mac, requester), now);
    recorded.add(question_of(sibling_ip, other), now);
    recorded.add(answer_to(sibling_ip, sibling_mac, other), now);
    recorded.add(build(row->frame), now + seconds);
    now += kBetweenRows;
  }
  const auto wanted = expected(chosen);
  for (const auto* verdict : {"malformed", "tags", "reply", "announcement", "foreign", "other_destination",
                              "odd", "unicast_new", "to_child_probe", "to_child_new", "ring"})
    EXPECT_TRUE(wanted.contains(verdict)) << "no row shows " << verdict;
  EXPECT_EQ(recorded.replayed(false), wanted);
}

TEST(ReplayedRowsTest, own_macs_from_the_wire_are_what_the_rows_expect) {
  const auto chosen = shown(true);
  Recorded recorded;
  auto now = kStart;
  for (const auto* row : chosen) recorded.add(build(row->frame), now += kBetweenRows);
  auto wanted = expected(chosen);
  wanted.erase("to_child_new");  // no who-has was sent
  EXPECT_TRUE(wanted.contains("own_mac"));
  EXPECT_EQ(recorded.replayed(true), wanted);
}

}  // namespace
}  // namespace arpline::packet
