// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace arpline::exporter {

/// The class of a verdict as a label: "drop"; of a twin in observe, which passes the frame: "would_drop".
std::string class_of(const std::string& verdict);

}  // namespace arpline::exporter
