// SPDX-License-Identifier: Apache-2.0
#include "arpline/replay/capture.hpp"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/error.hpp"

namespace arpline::replay {
namespace {

constexpr std::size_t kBufferBytes = 1U << 20U;
// The latest time that fits 64 bits of nanoseconds, with room for the periods that are added to a time.
constexpr std::int64_t kLatestSecond = 9'000'000'000;

std::uint64_t nanoseconds(const timeval& time) {
  const auto second = std::clamp<std::int64_t>(time.tv_sec, 0, kLatestSecond);
  return static_cast<std::uint64_t>(second) * 1'000'000'000U + static_cast<std::uint32_t>(time.tv_usec);
}

}  // namespace

Input open_input(const std::string& path) {
  Input input{.file = {}, .name = path};
  input.file.reset(path == "-" ? stdin : std::fopen(path.c_str(), "rbe"));
  if (!input.file) throw_errno("open " + path, errno);
  return input;
}

Capture::Capture(Input input) : name_(std::move(input.name)), buffer_(std::make_unique<char[]>(kBufferBytes)) {
  std::array<char, PCAP_ERRBUF_SIZE> fault{};
  std::setvbuf(input.file.get(), buffer_.get(), _IOFBF, kBufferBytes);
  pcap_ = pcap_fopen_offline_with_tstamp_precision(input.file.get(), PCAP_TSTAMP_PRECISION_NANO, fault.data());
  if (pcap_ == nullptr) throw SetupError(fmt::format("{}: {}", name_, fault.data()));
  static_cast<void>(input.file.release());  // pcap_close() closes it
  const int link = pcap_datalink(pcap_);
  if (link == DLT_EN10MB) return;
  const auto* name = pcap_datalink_val_to_name(link);
  pcap_close(pcap_);
  throw SetupError(
      fmt::format("{}: its frames are {}, not Ethernet; capture on the parent itself, not on \"any\"", name_,
                  name != nullptr ? name : fmt::format("of link type {}", link)));
}

Capture::~Capture() {
  pcap_close(pcap_);
}

bool Capture::next(Captured& frame) {
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  const int got = pcap_next_ex(pcap_, &header, &bytes);
  if (got == PCAP_ERROR_BREAK) return false;
  if (got != 1) {
    const auto at = ftello(pcap_file(pcap_));  // negative for a pipe, which has no position
    throw SetupError(fmt::format("{}: after frame {}{}: {}", name_, read_,
                                 at < 0 ? "" : fmt::format(", at byte {}", at), pcap_geterr(pcap_)));
  }
  ++read_;
  frame.bytes = std::as_bytes(std::span{bytes, header->caplen});
  frame.wire_bytes = std::max(header->len, header->caplen);
  frame.time_ns = nanoseconds(header->ts);
  return true;
}

}  // namespace arpline::replay
