// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace arpline::gen {

/// What a search looks for.
struct SearchBounds {
  double loss = 0.001;  ///< at most: share of the requests without an answer in time, 0 to 1
  double resolution =
      0.05;  ///< how far apart, relative to the upper one, a rate that passes and one that does not may be
  double max_rate = 0;  ///< frames/s; 0: as fast as the source can
  int max_trials = 32;
};

/// What one trial showed.
struct Outcome {
  double offered = 0;  ///< frames/s that were really sent
  double loss = 1;     ///< 0 to 1
};

/// Offers `rate` frames/s, as many as it can with 0.
using Trial = std::function<Outcome(double rate)>;

struct TrialRow {
  double rate = 0;  ///< as asked for; 0: full speed
  Outcome outcome;
  bool passed = false;
};

/// What ended the search.
enum class Limit { responder, generator, max_rate, trials };

struct SearchResult {
  SearchBounds bounds;
  std::vector<TrialRow> trials;  ///< in the order they were made
  std::optional<Outcome>
      best;  ///< the highest rate that passed twice, by what was really offered; its greater loss
  Limit limit = Limit::responder;
};

/// The highest offered rate at which the loss stays within bounds.loss: one trial at max_rate, then bisection
/// (as RFC 2544's). A trial that passes is confirmed by a second one. What the source could not offer passes
/// only for what it did offer. What `trial` throws is passed on.
SearchResult search(const SearchBounds& bounds, const Trial& trial);

std::string to_table(const SearchResult& result);
nlohmann::json to_json(const SearchResult& result);
std::string to_csv(const SearchResult& result);

}  // namespace arpline::gen
