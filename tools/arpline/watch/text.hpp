// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "report/watched.hpp"

namespace arpline::watch {

/// The words for who asks for, answers, announces or probes for whom, in printable ASCII: "02:…:01 10.0.0.1
/// asks for 10.0.0.5 (web)".
std::string says(const WatchedFrame& frame);

/// The meaning of a frame that is not ordinary; empty: it is.
std::string meaning(const WatchedFrame& frame);

/// One line without its line break. `with_parent`: more than one is watched. `columns`: a longer line is cut
/// and ends with dots; 0: none is.
std::string line_of(const WatchedFrame& frame, bool with_parent, std::size_t columns);

/// The frame's comment in a capture.
std::string comment_of(const WatchedFrame& frame);

std::string left_out_line(std::uint64_t frames);

}  // namespace arpline::watch
