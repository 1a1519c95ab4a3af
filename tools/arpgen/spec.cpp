// SPDX-License-Identifier: Apache-2.0
#include "arpgen/spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <sstream>
#include <vector>

#include "base/error.hpp"

namespace arpline::gen {
namespace {

constexpr std::array<KindInfo, ARPGEN_KINDS> kKinds{{
    {ARPGEN_WHO_HAS, "who-has", "the requester asks for the target", true, true, true},
    {ARPGEN_PROBE, "probe", "the same with sender IP 0 (RFC 5227)", true, false, true},
    {ARPGEN_ANNOUNCEMENT, "announcement", "the requester announces itself", false, true, false},
    {ARPGEN_REPLY, "reply", "the requester answers the target unasked", true, true, false},
    {ARPGEN_CLAIM, "claim", "the requester announces the target's address with its own MAC", true, false,
     false},
    {ARPGEN_OTHER, "other", "a broadcast that is not ARP (EtherType 0x88b5)", false, false, false},
}};

constexpr std::array<FlawInfo, ARPGEN_FLAWS - 1> kFlaws{{
    {ARPGEN_TRUNCATED, "truncated", "the frame ends within the ARP packet", false},
    {ARPGEN_LONG, "long", "200 bytes", true},
    {ARPGEN_HARDWARE_TYPE, "hardware-type", "hardware type 6 (IEEE 802)", true},
    {ARPGEN_PROTOCOL_TYPE, "protocol-type", "protocol type of IPv6", false},
    {ARPGEN_HARDWARE_LENGTH, "hardware-length", "hardware addresses of 8 bytes", false},
    {ARPGEN_PROTOCOL_LENGTH, "protocol-length", "protocol addresses of 16 bytes", false},
    {ARPGEN_OPCODE, "opcode", "opcode 9", false},
    {ARPGEN_TWO_TAGS, "two-tags", "802.1Q in 802.1Q", false},
    {ARPGEN_SERVICE_TAG, "service-tag", "802.1ad", false},
    {ARPGEN_SENDER_MAC_ZERO, "sender-mac-zero", "sender MAC 0 in the ARP packet", true},
    {ARPGEN_SENDER_MAC_MULTICAST, "sender-mac-multicast", "a multicast sender MAC in the ARP packet", true},
    {ARPGEN_SENDER_MAC_OTHER, "sender-mac-other", "the sender MAC is not the Ethernet source", true},
    {ARPGEN_SENDER_IP_LOOPBACK, "sender-ip-loopback", "sender IP 127.0.0.1", false},
    {ARPGEN_SENDER_IP_MULTICAST, "sender-ip-multicast", "sender IP 224.0.0.1", false},
    {ARPGEN_SENDER_IP_BROADCAST, "sender-ip-broadcast", "sender IP 255.255.255.255", false},
}};

constexpr double kMaxExponent = 10;
constexpr std::uint32_t kMaxWeight = 1'000'000;
constexpr std::uint32_t kMaxVlan = 4094;

template <class Rows>
std::string names_of(const Rows& rows) {
  std::string names;
  for (const auto& row : rows) names += (names.empty() ? "" : ", ") + std::string{row.name};
  return names;
}

template <class Rows>
const auto& row_named(const Rows& rows, std::string_view name) {
  const auto found = std::ranges::find_if(rows, [&](const auto& row) { return row.name == name; });
  if (found == rows.end()) throw SetupError(fmt::format("one of {}", names_of(rows)));
  return *found;
}

template <class Number>
Number parse_number(std::string_view text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= least && value <= most))
    throw SetupError(fmt::format("a number from {} to {}", least, most));
  return value;
}

Mac parse_mac(std::string_view text) {
  constexpr std::size_t kMacChars = 17;
  std::array<std::uint8_t, 6> bytes{};
  bool good = text.size() == kMacChars;
  for (std::size_t i = 0; good && i < bytes.size(); ++i) {
    const char* first = text.data() + 3 * i;
    good = std::from_chars(first, first + 2, bytes[i], 16).ptr == first + 2 && (i == 0 || first[-1] == ':');
  }
  if (!good) throw SetupError("\"own\" or a MAC like 02:00:00:00:00:01");
  const Mac mac = mac_from_bytes(bytes.data());
  if (mac == 0 || (bytes[0] & 1) != 0)
    throw SetupError("zero and multicast are nobody's own MAC; see flaw=sender-mac-zero");
  return mac;
}

void set_order(Spec& spec, const std::string& value) {
  if (value == "uniform") {
    spec.order = ARPGEN_UNIFORM;
  } else if (value == "sequential") {
    spec.order = ARPGEN_SEQUENTIAL;
  } else if (value == "zipf" || value.starts_with("zipf:")) {
    spec.order = ARPGEN_ZIPF;
    if (value != "zipf") spec.exponent = parse_number(std::string_view{value}.substr(5), 0.0, kMaxExponent);
  } else {
    throw SetupError("uniform, sequential, zipf or zipf:EXPONENT");
  }
}

bool is_second(const std::string& value, const char* first, const char* second) {
  if (value != first && value != second) throw SetupError(fmt::format("{} or {}", first, second));
  return value == second;
}

void set(Spec& spec, const std::string& key, const std::string& value) {
  if (key == "to") {
    spec.to = parse_range(value);
  } else if (key == "from") {
    spec.from = parse_range(value);
  } else if (key == "order") {
    set_order(spec, value);
  } else if (key == "requesters") {
    spec.requesters = is_second(value, "uniform", "sequential") ? ARPGEN_SEQUENTIAL : ARPGEN_UNIFORM;
  } else if (key == "mac") {
    if (value != "own") spec.mac = parse_mac(value);
  } else if (key == "macs") {
    spec.own_macs = is_second(value, "one", "own");
  } else if (key == "vlan") {
    spec.vlan = static_cast<std::uint16_t>(parse_number(value, 1U, kMaxVlan));
  } else if (key == "flaw") {
    spec.flaw = row_named(kFlaws, value).flaw;
  } else if (key == "weight") {
    spec.weight = parse_number(value, 1U, kMaxWeight);
  } else {
    throw SetupError(
        "unknown; there are to=, from=, order=, requesters=, mac=, macs=, unicast, vlan=, flaw=, weight=");
  }
}

// Rejects words that contradict each other.
void check(const Spec& spec) {
  const auto& kind = info_of(spec.kind);
  const auto refuse = [&](const std::string& why) {
    throw SetupError(fmt::format("traffic \"{}\": {}", spec.text, why));
  };
  if (kind.has_targets && !spec.to) refuse("who is meant? Give to=RANGE");
  if (!kind.has_targets && spec.to) refuse(fmt::format("to= means nothing: {}", kind.description));
  if (!kind.has_targets && spec.order != ARPGEN_UNIFORM)
    refuse("order= is that of the targets, which it has not");
  if (spec.kind == ARPGEN_PROBE && (spec.from || spec.own_macs))
    refuse("a probe has no requester's IP: from= and macs=own mean nothing");
  if (spec.from && spec.from->first == 0) refuse("a request from 0.0.0.0 is a probe; begin from= above it");
  if (spec.requesters == ARPGEN_SEQUENTIAL && !spec.from) refuse("requesters= needs from=RANGE");
  if (spec.kind == ARPGEN_OTHER && spec.flaw != ARPGEN_NO_FLAW) refuse("what is not ARP has no flaws");
  if (spec.unicast && !spec.answered())
    refuse("unicast goes to the MAC that a target answered with: only for who-has and probe without flaw=");
}

}  // namespace

std::span<const KindInfo> kinds() {
  return kKinds;
}

std::span<const FlawInfo> flaws() {
  return kFlaws;
}

const KindInfo& info_of(arpgen_kind kind) {
  return kKinds.at(kind);
}

Spec parse_spec(const std::string& text) {
  Spec spec{.text = text};
  std::istringstream words{text};
  std::set<std::string> seen;
  std::string word;
  words >> word;
  try {
    spec.kind = row_named(kKinds, word).kind;
    while (words >> word) {
      const auto equals = word.find('=');
      if (!seen.insert(word.substr(0, equals)).second) throw SetupError("given twice");
      if (word == "unicast")
        spec.unicast = true;
      else
        set(spec, word.substr(0, equals), equals == std::string::npos ? "" : word.substr(equals + 1));
    }
  } catch (const SetupError& error) {
    throw SetupError(fmt::format(R"(traffic "{}", word "{}": {})", text, word, error.what()));
  }
  check(spec);
  return spec;
}

bool Spec::may_be_answered() const {
  if (!info_of(kind).answered) return false;
  return flaw == ARPGEN_NO_FLAW || kFlaws.at(flaw - 1).linux_answers;
}

}  // namespace arpline::gen
