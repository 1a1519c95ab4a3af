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
struct ConfigEntry {
  const std::string& file;
  std::string key;
  const toml::node& node;

  [[noreturn]] void fail(std::string_view what) const {
    throw SetupError(fmt::format("{}:{}: {}: {}", file, node.source().begin.line, key, what));
  }
};

/// The setter for each key of a table.
template <class Target>
using Keys = std::map<std::string, std::function<void(Target&, const ConfigEntry&)>, std::less<>>;

/// The value, which must have exactly this type; throws SetupError "expected …" otherwise.
template <class T>
T value_of(const ConfigEntry& entry, std::string_view expected) {
  const auto value = entry.node.value_exact<T>();
  if (!value) entry.fail(fmt::format("expected {}", expected));
  return *value;
}

inline const toml::table& table_of(const ConfigEntry& entry) {
  if (!entry.node.is_table()) entry.fail("expected a table");
  return *entry.node.as_table();
}

/// Calls the setter of each key in `table`; throws SetupError for an unknown key. `prefix` is put before the
/// keys in errors.
template <class Target>
void apply(const Keys<Target>& keys, const toml::table& table, const std::string& prefix,
           const std::string& file, Target& target) {
  for (const auto& [key, node] : table) {
    const ConfigEntry entry{file, prefix + std::string{key.str()}, node};
    const auto it = keys.find(key.str());
    if (it == keys.end()) entry.fail("unknown key");
    it->second(target, entry);
  }
}

/// Makes one target from each table of an array.
template <class Target>
std::vector<std::pair<Target, ConfigEntry>> apply_each(const Keys<Target>& keys, const ConfigEntry& array) {
  if (!array.node.is_array()) array.fail("expected an array of tables");
  std::vector<std::pair<Target, ConfigEntry>> all;
  for (const auto& node : *array.node.as_array()) {
    const ConfigEntry entry{array.file, fmt::format("{}[{}]", array.key, all.size()), node};
    Target target;
    apply(keys, table_of(entry), entry.key + ".", array.file, target);
    all.emplace_back(std::move(target), entry);
  }
  return all;
}

}  // namespace arpline
