// SPDX-License-Identifier: Apache-2.0
#include "arpline/replay/write.hpp"

#include <array>
#include <cstring>
#include <utility>

#include "base/output.hpp"

namespace arpline::replay {
namespace {

// Block types, option codes and constants of the format. Numbers are in the machine's byte order.
constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;
constexpr std::uint32_t kUnknownLength = 0xffffffff;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint16_t kEthernet = 1;
constexpr std::uint16_t kComment = 1;
constexpr std::uint16_t kApplication = 4;
constexpr std::uint16_t kInterfaceName = 2;
constexpr std::uint16_t kResolution = 9;
constexpr std::array kNanoseconds{std::byte{9}};
constexpr std::size_t kLengthAt = 4;
constexpr std::size_t kAlignment = 4;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

}  // namespace

Writer::Writer(FILE* file, std::string name, std::span<const std::string_view> interfaces)
    : file_(file), name_(std::move(name)) {
  begin(kSectionHeader);
  put32(kByteOrder);
  put16(1);  // version 1.0
  put16(0);
  put32(kUnknownLength);  // section length, 64 bits
  put32(kUnknownLength);
  option(kApplication, bytes_of("arpline " ARPLINE_VERSION));
  end();
  for (const auto one : interfaces) {
    begin(kInterface);
    put16(kEthernet);
    put16(0);
    put32(0);  // snap length: no limit
    option(kInterfaceName, bytes_of(one));
    option(kResolution, kNanoseconds);
    end();
  }
}

void Writer::frame(std::uint32_t interface, std::uint64_t time_ns, std::span<const std::byte> bytes,
                   std::uint32_t wire_bytes, std::string_view comment) {
  begin(kEnhancedPacket);
  put32(interface);
  put32(static_cast<std::uint32_t>(time_ns >> 32U));
  put32(static_cast<std::uint32_t>(time_ns));
  put32(static_cast<std::uint32_t>(bytes.size()));
  put32(wire_bytes);
  put(bytes);
  if (!comment.empty()) option(kComment, bytes_of(comment));
  end();
}

void Writer::finish() {
  flush(file_, name_);
}

void Writer::begin(std::uint32_t type) {
  block_.clear();
  put32(type);
  put32(0);
}

void Writer::put16(std::uint16_t value) {
  const auto raw = std::as_bytes(std::span{&value, 1});
  block_.insert(block_.end(), raw.begin(), raw.end());
}

void Writer::put32(std::uint32_t value) {
  const auto raw = std::as_bytes(std::span{&value, 1});
  block_.insert(block_.end(), raw.begin(), raw.end());
}

void Writer::put(std::span<const std::byte> bytes) {
  block_.insert(block_.end(), bytes.begin(), bytes.end());
  block_.resize((block_.size() + kAlignment - 1) / kAlignment * kAlignment);
}

void Writer::option(std::uint16_t code, std::span<const std::byte> value) {
  put16(code);
  put16(static_cast<std::uint16_t>(value.size()));
  put(value);
}

// Omits the optional opt_endofopt: the block's length ends the options.
void Writer::end() {
  const auto length = static_cast<std::uint32_t>(block_.size() + sizeof(std::uint32_t));
  std::memcpy(block_.data() + kLengthAt, &length, sizeof length);
  put32(length);
  std::fwrite(block_.data(), 1, block_.size(), file_);
}

}  // namespace arpline::replay
