// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "arpgen/bpf/abi.h"
#include "arpgen/range.hpp"
#include "base/net.hpp"

namespace arpline::gen {

/// A kind of frame that a stream may have.
struct KindInfo {
  arpgen_kind kind;
  std::string_view name;
  std::string_view description;
  bool has_targets;     ///< needs to=
  bool has_requesters;  ///< its frames carry the requester's IP
  bool answered;        ///< somebody should answer a frame without a flaw
};

/// A flaw that a stream's frames may have.
struct FlawInfo {
  arpgen_flaw flaw;
  std::string_view name;
  std::string_view description;
  bool linux_answers;  ///< Linux answers a frame with this flaw nevertheless
};

std::span<const KindInfo> kinds();
std::span<const FlawInfo> flaws();
const KindInfo& info_of(arpgen_kind kind);

/// One stream, as given on the command line.
struct Spec {
  std::string text;  ///< as given
  arpgen_kind kind = ARPGEN_WHO_HAS;
  std::optional<Range> to;
  std::optional<Range> from;
  arpgen_order order = ARPGEN_UNIFORM;
  double exponent = 1;  ///< of Zipf's law
  arpgen_order requesters = ARPGEN_UNIFORM;
  std::optional<Mac> mac;  ///< nullopt: the interface's
  bool own_macs = false;
  bool unicast = false;
  std::uint16_t vlan = 0;
  arpgen_flaw flaw = ARPGEN_NO_FLAW;
  std::uint32_t weight = 1;

  /// Whether its frames are requests that somebody should answer.
  bool answered() const { return flaw == ARPGEN_NO_FLAW && info_of(kind).answered; }
  /// Whether Linux would answer them, expected or not.
  bool may_be_answered() const;
};

/// KIND [to=RANGE] [from=RANGE] [order=uniform|sequential|zipf[:EXPONENT]] [requesters=uniform|sequential]
/// [mac=MAC|own] [macs=one|own] [unicast] [vlan=N] [flaw=NAME] [weight=N]
/// Throws SetupError that names the text and the word.
Spec parse_spec(const std::string& text);

}  // namespace arpline::gen
