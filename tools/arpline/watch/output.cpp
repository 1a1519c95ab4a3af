// SPDX-License-Identifier: Apache-2.0
#include "arpline/watch/output.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "arpline/watch/text.hpp"
#include "report/status.hpp"
#include "shared/packet.h"

namespace arpline::watch {
namespace {

constexpr std::string_view kStdout = "-";
constexpr Duration kTellEvery = 1s;
constexpr std::size_t kTypeAt = ARPL_ETH_BYTES - 2;

// 0 where standard output is no terminal.
std::size_t columns_of_stdout() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0) return 0;
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : 80;
}

void print(const nlohmann::json& line) {
  fmt::print("{}\n", line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

// Text that is not hexadecimal ends it.
std::vector<std::byte> bytes_of(const std::string& hex) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    char* end = nullptr;
    const auto digits = hex.substr(i, 2);
    bytes.push_back(static_cast<std::byte>(std::strtoul(digits.c_str(), &end, 16)));
    if (end != digits.c_str() + 2) return {};
  }
  return bytes;
}

// The kernel keeps the tag of a frame that it sends beside the frame.
void put_tag_back(std::vector<std::byte>& bytes, std::uint16_t vlan) {
  const auto is_arp = [&] {
    return std::to_integer<unsigned>(bytes[kTypeAt]) == ARPL_ETHERTYPE_ARP >> 8U &&
           std::to_integer<unsigned>(bytes[kTypeAt + 1]) == (ARPL_ETHERTYPE_ARP & 0xffU);
  };
  if (vlan == 0 || bytes.size() < ARPL_ETH_BYTES || !is_arp()) return;
  const std::array tag{std::byte{ARPL_ETHERTYPE_8021Q >> 8U}, std::byte{ARPL_ETHERTYPE_8021Q & 0xffU},
                       static_cast<std::byte>(vlan >> 8U), static_cast<std::byte>(vlan & 0xffU)};
  bytes.insert(bytes.begin() + kTypeAt, tag.begin(), tag.end());
}

}  // namespace

Output::Output(const Request& request, const std::vector<ForeignText>& parents)
    : request_(request), with_parent_(false), lines_(request.pcapng != kStdout) {
  for (const auto& parent : parents) {
    auto name = visible(parent);
    if (std::ranges::find(names_, name) == names_.end()) names_.push_back(std::move(name));
  }
  with_parent_ = names_.size() > 1;
  if (!request.wide) columns_ = columns_of_stdout();
  if (request.pcapng.empty()) return;
  if (lines_) file_ = std::make_unique<OutputFile>(request.pcapng);
  const std::vector<std::string_view> interfaces(names_.begin(), names_.end());
  writer_.emplace(lines_ ? file_->file() : stdout, lines_ ? request.pcapng : "standard output", interfaces);
}

void Output::begin() const {
  if (request_.as_json && lines_) {
    print({{"watching", names_}});
    std::fflush(stdout);
  } else {
    fmt::print(stderr, "arpline: watching {}\n", fmt::join(names_, ", "));
  }
}

void Output::frame(const WatchedFrame& frame) {
  if (full()) return;
  ++frames_;
  if (writer_) write_packet(frame);
  if (lines_) write_line(frame);
}

void Output::write_line(const WatchedFrame& frame) {
  if (!request_.as_json) {
    fmt::print("{}\n", line_of(frame, with_parent_, columns_));
    return;
  }
  auto line = to_json(frame);
  line["says"] = says(frame);
  const auto means = meaning(frame);
  line["meaning"] = means.empty() ? nlohmann::json(nullptr) : nlohmann::json(means);
  print(line);
}

void Output::write_packet(const WatchedFrame& frame) {
  auto bytes = bytes_of(frame.bytes);
  const auto before = bytes.size();
  put_tag_back(bytes, frame.vlan);
  const auto at = std::ranges::find(names_, visible(frame.parent));
  const auto interface = at == names_.end() ? 0 : static_cast<std::uint32_t>(at - names_.begin());
  const auto length = std::max<std::size_t>(frame.frame_bytes + bytes.size() - before, bytes.size());
  writer_->frame(interface, frame.time_ns, bytes, static_cast<std::uint32_t>(length), comment_of(frame));
}

void Output::write_left_out() {
  if (left_out_ == 0) return;
  const auto frames = std::exchange(left_out_, 0);
  if (!lines_) return;
  if (request_.as_json)
    print(to_json(WatchLeftOut{.left_out = frames}));
  else
    fmt::print("{}\n", left_out_line(frames));
}

bool Output::turn(Instant now) {
  if (now >= told_at_ + kTellEvery) {
    write_left_out();
    told_at_ = now;
  }
  return std::fflush(stdout) == 0;
}

void Output::finish() {
  write_left_out();
  if (writer_) writer_->finish();
  if (file_) file_->commit();
}

}  // namespace arpline::watch
