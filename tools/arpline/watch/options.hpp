// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include "arpline/watch/watch.hpp"

namespace arpline::watch {

/// Adds `watch` with its options, which are checked; `request` outlives the app.
CLI::App* add_command(CLI::App& app, Request& request);

}  // namespace arpline::watch
