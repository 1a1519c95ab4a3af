// SPDX-License-Identifier: Apache-2.0
#include "kernel/tag_watch.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>

namespace arpline {
namespace {

constexpr std::uint32_t kVlanIdMask = 0x0fff;
constexpr int kAtOnce = 64;

// Accepts frames whose tag has a VLAN id; a priority tag (id 0) is no VLAN. `but`: a tag type that was seen
// already and is rejected, so that a flood of it does not wake the reader.
bool filter_tagged(int socket, std::uint32_t but) {
  const auto beside = [](int what) { return static_cast<std::uint32_t>(SKF_AD_OFF + what); };
  std::array<sock_filter, 8> code{{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, beside(SKF_AD_VLAN_TAG_PRESENT)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 5, 0),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, beside(SKF_AD_VLAN_TPID)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, but, 3, 0),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, beside(SKF_AD_VLAN_TAG)),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kVlanIdMask, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, ETH_HLEN),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog program{.len = static_cast<unsigned short>(code.size()), .filter = code.data()};
  return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

bool set(int socket, int option) {
  const int on = 1;
  return setsockopt(socket, SOL_PACKET, option, &on, sizeof on) == 0;
}

}  // namespace

// Protocol 0 until bind(), so that no frame arrives before the filter is attached. PACKET_IGNORE_OUTGOING: the
// kernel need not clone the host's own frames.
TagWatch::TagWatch(int ifindex) : socket_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = ifindex;
  const bool listens = socket_ && filter_tagged(socket_.get(), 0) && set(socket_.get(), PACKET_AUXDATA) &&
                       set(socket_.get(), PACKET_IGNORE_OUTGOING) &&
                       bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (!listens) socket_ = {};
}

bool TagWatch::read() {
  const auto before = seen_;
  for (int i = 0; socket_ && i < kAtOnce; ++i) {
    std::array<char, ETH_HLEN> frame{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(tpacket_auxdata))> control{};
    iovec part{.iov_base = frame.data(), .iov_len = frame.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    if (recvmsg(socket_.get(), &header, 0) < 0) break;
    const auto* message = CMSG_FIRSTHDR(&header);
    if (message == nullptr || message->cmsg_type != PACKET_AUXDATA) continue;
    tpacket_auxdata aux{};
    std::memcpy(&aux, CMSG_DATA(message), sizeof aux);
    if ((aux.tp_status & TP_STATUS_VLAN_VALID) == 0) continue;
    seen_[aux.tp_vlan_tpid == ETH_P_8021AD ? service : customer] = true;
  }
  if (seen_ == before) return false;
  if (seen_[customer] == seen_[service] ||
      !filter_tagged(socket_.get(), seen_[service] ? ETH_P_8021AD : ETH_P_8021Q))
    socket_ = {};
  return true;
}

}  // namespace arpline
