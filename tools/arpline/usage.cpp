// SPDX-License-Identifier: Apache-2.0
#include "arpline/usage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace arpline {
namespace {

constexpr auto kHelp = "--help";

// Levenshtein's distance.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

bool is_option(const std::string& word) {
  return word.size() > 1 && word.starts_with('-');
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

bool has_command(const CLI::App& app, const std::string& word) {
  return std::ranges::any_of(commands_of(app), [&](const auto* one) { return one->get_name() == word; });
}

bool takes_value(const CLI::App& app, const std::string& word) {
  const auto takes = [&](const CLI::App& one) {
    const auto* option = one.get_option_no_throw(word);
    return option != nullptr && option->get_items_expected() > 0;
  };
  return takes(app) || std::ranges::any_of(commands_of(app), [&](const auto* one) { return takes(*one); });
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options())
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

// "LINE; see HELP", or with a guess "LINE, did you mean GUESS? See HELP".
std::string with_help(const std::string& line, const std::string& guess, const std::string& help) {
  return guess.empty() ? fmt::format("{}; see {}", line, help)
                       : fmt::format("{}, did you mean {}? See {}", line, guess, help);
}

std::string about_command(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const auto* one : commands_of(app)) names.push_back(one->get_name());
  return with_help(word + ": no such command", nearest(word, names), kHelp);
}

std::string about_option(const CLI::App& app, const CLI::App& command, const std::string& word,
                         const std::string& help) {
  auto names = option_names(command);
  std::ranges::copy(option_names(app), std::back_inserter(names));
  return with_help(fmt::format("{}: no such option of {}", word, command.get_name()), nearest(word, names),
                   help);
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  const auto by_distance = [&](const auto& one) { return distance(word, one); };
  const auto best = std::ranges::min_element(candidates, {}, by_distance);
  if (best == candidates.end() || by_distance(*best) * 3 > std::max(word.size(), std::size_t{3})) return {};
  return *best;
}

std::vector<std::string> command_first(const CLI::App& app, std::vector<std::string> words) {
  for (auto at = words.begin(); at != words.end(); ++at) {
    if (has_command(app, *at)) {
      std::rotate(words.begin(), at, at + 1);
      break;
    }
    if (!is_option(*at) || *at == "--") break;
    if (takes_value(app, *at) && ++at == words.end()) break;
  }
  return words;
}

std::string usage_text(const CLI::App& app, const CLI::ParseError& error) {
  const auto extra = app.remaining(true);
  const auto chosen = app.get_subcommands();
  if (chosen.empty()) {
    const auto word = std::ranges::find_if_not(extra, is_option);
    return word == extra.end() ? with_help(error.what(), "", kHelp) : about_command(app, *word);
  }
  const auto& command = *chosen.front();
  const auto help = fmt::format("arpline {} {}", command.get_name(), kHelp);
  if (extra.empty()) return with_help(error.what(), "", help);
  if (const auto option = std::ranges::find_if(extra, is_option); option != extra.end())
    return about_option(app, command, *option, help);
  return with_help(fmt::format("{} takes no further words: {}", command.get_name(), fmt::join(extra, " ")), "",
                   help);
}

}  // namespace arpline
