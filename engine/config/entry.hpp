// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <toml++/toml.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace arpline {

/// A TOML value with its file and full key, so that an error names "file:line: key".
struct Place {
  const std::string& file;
  std::string key;
  const toml::node& node;

  [[noreturn]] void fail(std::string_view what) const {
    throw SetupError(fmt::format("{}:{}: {}: {}", file, node.source().begin.line, key, what));
  }
};

/// The setter for each key of a table.
template <class Target>
using Keys = std::map<std::string, std::function<void(Target&, const Place&)>, std::less<>>;

/// The value, which must have exactly this type; throws SetupError "expected …" otherwise.
template <class T>
T value_of(const Place& place, std::string_view expected) {
  const auto value = place.node.value_exact<T>();
  if (!value) place.fail(fmt::format("expected {}", expected));
  return *value;
}

inline const toml::table& table_of(const Place& place) {
  if (!place.node.is_table()) place.fail("expected a table");
  return *place.node.as_table();
}

/// Calls the setter of each key in `table`; throws SetupError for an unknown key. `prefix` is put before the
/// keys in errors.
template <class Target>
void apply(const Keys<Target>& keys, const toml::table& table, const std::string& prefix,
           const std::string& file, Target& target) {
  for (const auto& [key, node] : table) {
    const Place place{file, prefix + std::string{key.str()}, node};
    const auto it = keys.find(key.str());
    if (it == keys.end()) place.fail("unknown key");
    it->second(target, place);
  }
}

/// Makes one target from each table of an array.
template <class Target>
std::vector<std::pair<Target, Place>> apply_each(const Keys<Target>& keys, const Place& place) {
  if (!place.node.is_array()) place.fail("expected an array of tables");
  std::vector<std::pair<Target, Place>> all;
  for (const auto& node : *place.node.as_array()) {
    const Place entry{place.file, fmt::format("{}[{}]", place.key, all.size()), node};
    Target target;
    apply(keys, table_of(entry), entry.key + ".", place.file, target);
    all.emplace_back(std::move(target), entry);
  }
  return all;
}

}  // namespace arpline
