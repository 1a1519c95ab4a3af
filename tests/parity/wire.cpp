// SPDX-License-Identifier: Apache-2.0
#include "parity/wire.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/error.hpp"
#include "shared/packet.h"

namespace arpline::parity {
namespace {

using packet::Bytes;

constexpr std::uint16_t kMarkType = 0x88b5;  // IEEE 802 local experimental ethertype 1
constexpr int kPatienceMs = 1000;
constexpr std::size_t kLongestFrame = 2048;

Bytes mark_frame() {
  return packet::build({.ethertype = kMarkType});
}

void attach(const char* interface, int program_fd) {
  const int error =
      bpf_xdp_attach(static_cast<int>(if_nametoindex(interface)), program_fd, XDP_FLAGS_DRV_MODE, nullptr);
  if (error != 0) throw_errno(fmt::format("{}: attach the program", interface), -error);
}

Fd program_that_passes() {
  const std::array<bpf_insn, 2> instructions{
      bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = XDP_PASS},
      bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  Fd program{
      bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", instructions.data(), instructions.size(), nullptr)};
  if (!program) throw_errno("load a program that passes", errno);
  return program;
}

const char* make_veth(int program_fd) {
  std::ofstream("/proc/sys/net/ipv6/conf/default/disable_ipv6") << 1;  // IPv6 would send frames of its own
  const auto command =
      fmt::format("ip link add {0} type veth peer name {1} && ip link set {0} up && ip link set {1} up",
                  Wire::kParent, Wire::kPeer);
  if (std::system(command.c_str()) != 0) throw SetupError("make a pair of veths");
  attach(Wire::kParent, program_fd);
  attach(Wire::kPeer, program_that_passes().get());
  return Wire::kParent;
}

// The kernel strips the outer tag and reports it in a control message.
void put_tag_back(Bytes& frame, const msghdr& message) {
  for (auto* one = CMSG_FIRSTHDR(&message); one != nullptr;
       one = CMSG_NXTHDR(const_cast<msghdr*>(&message), one)) {
    tpacket_auxdata told{};
    if (one->cmsg_level != SOL_PACKET || one->cmsg_type != PACKET_AUXDATA) continue;
    std::memcpy(&told, CMSG_DATA(one), sizeof told);
    if ((told.tp_status & TP_STATUS_VLAN_VALID) == 0) continue;
    Bytes tag;
    packet::append16(tag, told.tp_vlan_tpid);
    packet::append16(tag, told.tp_vlan_tci);
    frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  }
}

}  // namespace

WireEnd::WireEnd(const std::string& interface) : socket_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = arpl_swap16(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  const int on = 1;
  if (!socket_ || setsockopt(socket_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0 ||
      setsockopt(socket_.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) != 0 ||
      bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw_errno(interface + ": open a packet socket", errno);
}

void WireEnd::send(const Bytes& frame) {
  if (::send(socket_.get(), frame.data(), frame.size(), 0) < 0) throw_errno("send a frame", errno);
}

void WireEnd::mark() {
  send(mark_frame());
}

Bytes WireEnd::next() {
  pollfd waits{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  if (poll(&waits, 1, kPatienceMs) != 1) throw SetupError("the wire stays silent");
  Bytes frame(kLongestFrame);
  alignas(cmsghdr) std::array<std::byte, 128> beside{};
  iovec where{.iov_base = frame.data(), .iov_len = frame.size()};
  msghdr message{};
  message.msg_iov = &where;
  message.msg_iovlen = 1;
  message.msg_control = beside.data();
  message.msg_controllen = beside.size();
  const auto length = recvmsg(socket_.get(), &message, 0);
  if (length < 0) throw_errno("receive a frame", errno);
  frame.resize(static_cast<std::size_t>(length));
  put_tag_back(frame, message);
  return frame;
}

std::vector<Bytes> WireEnd::until_mark() {
  std::vector<Bytes> frames;
  for (auto frame = next(); frame != mark_frame(); frame = next()) frames.push_back(std::move(frame));
  return frames;
}

Wire::Wire(int program_fd) : parent(make_veth(program_fd)), peer(kPeer) {}

}  // namespace arpline::parity
