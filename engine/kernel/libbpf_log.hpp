// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace arpline {

/// libbpf says why something failed only by printing. From now on the last line of it is kept for errors; with
/// `verbose` all of it goes to stderr as well, what the verifier says included. For the thread that loads.
void keep_libbpf_log(bool verbose);

/// The last line that is kept; empty: nothing was printed.
const std::string& last_libbpf_line();

/// Before a call whose error is to be explained.
void forget_libbpf_line();

}  // namespace arpline
