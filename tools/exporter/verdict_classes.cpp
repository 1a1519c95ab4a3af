// SPDX-License-Identifier: Apache-2.0
#include "exporter/verdict_classes.hpp"

#include <algorithm>
#include <cctype>
#include <map>

namespace arpline::exporter {
namespace {

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// No name stands in two of the three lists.
const std::map<std::string, std::string>& classes() {
  static const std::map<std::string, std::string> kClasses{
#define ARPL_WIRE(class, name, description) {#name, lower_case(#class)},
#define ARPL_OTHER(class, name, description) {#name, lower_case(#class)},
#define ARPL_ENGINE(class, name, description) {#name, lower_case(#class)},
#include "shared/verdicts.def"
  };
  return kClasses;
}

}  // namespace

std::string class_of(const std::string& verdict) {
  const auto known = classes().find(verdict);
  if (known != classes().end()) return known->second;
  const std::string twin = "would_";
  return verdict.starts_with(twin) ? twin + class_of(verdict.substr(twin.size())) : "unknown";
}

}  // namespace arpline::exporter
