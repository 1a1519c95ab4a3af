// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace arpline::gen {

/// The bounds of a search.
struct SearchBounds {
  double loss = 0.001;  ///< greatest share of requests without an answer in time, 0 to 1
  double resolution =
      0.05;             ///< greatest distance between a passing and a failing rate, relative to the failing one
  double max_rate = 0;  ///< frames/s; 0: as fast as the source can
  int max_trials = 32;
};

/// The result of one trial.
struct Outcome {
  double offered = 0;  ///< frames/s that the source did send
  double loss = 1;     ///< 0 to 1
};

/// Offers `rate` frames/s, or as many as the source can with 0.
using Trial = std::function<Outcome(double rate)>;

struct TrialRow {
  double rate = 0;  ///< requested; 0: full speed
  Outcome outcome;
  bool passed = false;
};

/// The reason why the best rate is not higher.
enum class Limit { responder, generator, max_rate, trials };

struct SearchResult {
  SearchBounds bounds;
  std::vector<TrialRow> trials;  ///< in the order of execution
  std::optional<Outcome>
      best;  ///< the highest offered rate that passed twice, with the greater loss of the two
  Limit limit = Limit::responder;
};

/// Finds the highest offered rate with a loss of at most bounds.loss: one trial at max_rate, then bisection (as
/// in RFC 2544). A passing trial is confirmed by a second one. When the source sends less than requested, the
/// trial counts for the rate that it did send. Exceptions of `trial` pass through.
SearchResult search(const SearchBounds& bounds, const Trial& trial);

std::string to_table(const SearchResult& result);
nlohmann::json to_json(const SearchResult& result);
std::string to_csv(const SearchResult& result);

}  // namespace arpline::gen
