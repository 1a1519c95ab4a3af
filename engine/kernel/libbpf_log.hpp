// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace arpline {

/// Keeps the last line that libbpf prints, for errors, as libbpf reports reasons only by printing. With
/// `verbose` all of it also goes to stderr, with the verifier's log.
void keep_libbpf_log(bool verbose);

/// The last kept line of the calling thread; empty when libbpf has printed nothing there.
const std::string& last_libbpf_line();

/// Clears the last line, before a call whose error it is to explain.
void forget_libbpf_line();

}  // namespace arpline
