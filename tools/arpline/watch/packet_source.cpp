// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <span>
#include <utility>

#include "arpline/watch/source.hpp"
#include "base/error.hpp"
#include "base/token_bucket.hpp"
#include "shared/packet.h"

namespace arpline::watch {
namespace {

constexpr int kSnapLength = 128;
constexpr TokenBucket::Rate kRate{.interval = duration_from_raw(ARPL_WATCH_INTERVAL_NS),
                                  .burst = duration_from_raw(ARPL_WATCH_BURST_NS)};

// 0 when the interface has none.
Mac mac_of(const ForeignText& interface) {
  std::ifstream file{"/sys/class/net/" + interface.raw() + "/address"};
  std::string text;
  std::getline(file, text);
  return mac_from_text(text).value_or(0);
}

bool is_wanted(const WatchRequest& wanted, const WatchedFrame& frame) {
  if (wanted.endpoint && *wanted.endpoint != frame.sender && *wanted.endpoint != frame.target) return false;
  if (wanted.from_address && *wanted.from_address != frame.sender) return false;
  return !wanted.from_mac || *wanted.from_mac == frame.source || *wanted.from_mac == frame.sender_mac;
}

class PacketSource final : public Source {
 public:
  PacketSource(const ForeignText& parent, WatchRequest wanted, pcap_direction_t direction)
      : parent_(parent), wanted_(std::move(wanted)), inbound_(direction == PCAP_D_IN), host_(mac_of(parent)) {
    std::array<char, PCAP_ERRBUF_SIZE> fault{};
    pcap_.reset(pcap_create(parent.raw().c_str(), fault.data()));
    if (!pcap_) fail(fault.data());
    pcap_set_snaplen(pcap_.get(), kSnapLength);
    pcap_set_immediate_mode(pcap_.get(), 1);
    pcap_set_tstamp_precision(pcap_.get(), PCAP_TSTAMP_PRECISION_NANO);
    if (const int status = pcap_activate(pcap_.get()); status < 0)
      fail(fmt::format("{}{}", status == PCAP_ERROR ? pcap_geterr(pcap_.get()) : pcap_statustostr(status),
                       status == PCAP_ERROR_PERM_DENIED ? "; run as root" : ""));
    bpf_program program{};
    if (pcap_datalink(pcap_.get()) != DLT_EN10MB) fail("no Ethernet interface");
    if (pcap_compile(pcap_.get(), &program, "arp or (vlan and arp)", 1, PCAP_NETMASK_UNKNOWN) != 0 ||
        pcap_setfilter(pcap_.get(), &program) != 0 || pcap_setdirection(pcap_.get(), direction) != 0 ||
        pcap_setnonblock(pcap_.get(), 1, fault.data()) != 0)
      fail(pcap_geterr(pcap_.get()));
    pcap_freecode(&program);
  }

  int fd() const override { return pcap_get_selectable_fd(pcap_.get()); }
  const ForeignText& parent() const override { return parent_; }

  bool read(const Receiver& receiver) override {
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    int got = 0;
    for (int i = 0; i < kMostAtOnce && (got = pcap_next_ex(pcap_.get(), &header, &bytes)) == 1; ++i)
      on_packet(*header, {bytes, header->caplen}, receiver);
    if (left_out_ != 0 && told_.take(Clock::now(), {.interval = 1s, .burst = 1s}))
      receiver.left_out(std::exchange(left_out_, 0));
    return got >= 0;
  }

 private:
  static constexpr int kMostAtOnce = 256;

  [[noreturn]] void fail(const std::string& why) const {
    throw SetupError(fmt::format("{}: open a packet socket: {}", visible(parent_), why));
  }

  void on_packet(const pcap_pkthdr& header, std::span<const u_char> bytes, const Receiver& receiver) {
    const auto frame = frame_of(header, bytes);
    if (!is_wanted(wanted_, frame)) return;
    if (!bucket_.take(Clock::now(), kRate)) {
      ++left_out_;
      return;
    }
    receiver.frame(frame);
  }

  WatchedFrame frame_of(const pcap_pkthdr& header, std::span<const u_char> bytes) const {
    arpl_arp arp{};
    const auto parsed = arpl_parse(bytes.data(), bytes.data() + bytes.size(), &arp);
    const auto kept = bytes.first(std::min<std::size_t>(bytes.size(), ARPL_WATCHED_BYTES));
    return {.parent = parent_,
            .time_ns = static_cast<std::uint64_t>(header.ts.tv_sec) * ARPL_SECOND_NS +
                       static_cast<std::uint64_t>(header.ts.tv_usec),
            .side = inbound_               ? "wire"
                    : arp.eth_src == host_ ? "host"
                                           : "container",
            .readable = parsed == ARPL_PARSED,
            .operation = arp.op,
            .vlan = arp.vlan,
            .source = arp.eth_src,
            .destination = arp.eth_dst,
            .sender_mac = arp.sender_mac,
            .sender = arp.sender_ip,
            .target_mac = arp.target_mac,
            .target = arp.target_ip,
            .frame_bytes = header.len,
            .bytes = fmt::format("{:02x}", fmt::join(kept, ""))};
  }

  struct Close {
    void operator()(pcap_t* pcap) const noexcept { pcap_close(pcap); }
  };

  ForeignText parent_;
  WatchRequest wanted_;
  bool inbound_;
  Mac host_;
  std::unique_ptr<pcap_t, Close> pcap_;
  TokenBucket bucket_;
  TokenBucket told_;
  std::uint64_t left_out_ = 0;
};

}  // namespace

std::vector<std::unique_ptr<Source>> from_packet_sockets(const ForeignText& interface,
                                                         const WatchRequest& wanted) {
  std::vector<std::unique_ptr<Source>> both;
  for (const auto direction : {PCAP_D_IN, PCAP_D_OUT})
    both.push_back(std::make_unique<PacketSource>(interface, wanted, direction));
  return both;
}

}  // namespace arpline::watch
