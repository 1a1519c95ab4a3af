// SPDX-License-Identifier: Apache-2.0
#include "arpgen/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "arpgen/report.hpp"
#include "base/error.hpp"

namespace arpline::gen {
namespace {

class Search {
 public:
  Search(const SearchBounds& bounds, const Trial& trial) : trial_(trial), result_{.bounds = bounds} {}

  SearchResult run() {
    if (begin()) {
      while (open() && trials_left()) halve();
      if (open()) result_.limit = Limit::trials;
    }
    return std::move(result_);
  }

 private:
  struct Attempt {
    Outcome outcome;  ///< the worse one of the two trials
    bool passed;
  };

  bool trials_left() const { return static_cast<int>(result_.trials.size()) < result_.bounds.max_trials; }
  bool open() const { return high_ - low_ > result_.bounds.resolution * high_; }
  // A quarter of the resolution. With a smaller tolerance the bisection could approach a rate that the source
  // never reaches.
  bool reached(double rate, double offered) const {
    return offered >= rate * (1 - result_.bounds.resolution / 4);
  }

  const TrialRow& measure(double rate) {
    const Outcome outcome = trial_(rate);
    if (!(outcome.offered > 0))
      throw SetupError("search: a trial could not send anything; try `arpgen run` first");
    return result_.trials.emplace_back(TrialRow{rate, outcome, outcome.loss <= result_.bounds.loss});
  }

  // A trial without room for its confirmation has not passed.
  Attempt attempt(double rate) {
    const TrialRow first = measure(rate);
    if (!first.passed || !trials_left()) return {first.outcome, false};
    const TrialRow second = measure(rate);
    if (!second.passed) return {second.outcome, false};
    return {{std::min(first.outcome.offered, second.outcome.offered),
             std::max(first.outcome.loss, second.outcome.loss)},
            true};
  }

  void keep(const Outcome& outcome) {
    if (outcome.offered <= low_) return;
    low_ = outcome.offered;
    result_.best = outcome;
  }

  /// Tries the first rate; returns whether a bisection is needed.
  bool begin() {
    const double most = result_.bounds.max_rate;
    const auto [outcome, passed] = attempt(most);
    high_ = most > 0 ? std::min(most, outcome.offered) : outcome.offered;
    if (!passed) return true;
    keep(outcome);
    result_.limit = most > 0 && reached(most, outcome.offered) ? Limit::max_rate : Limit::generator;
    return false;
  }

  void halve() {
    const double rate = (low_ + high_) / 2;
    const auto [outcome, passed] = attempt(rate);
    if (passed) {
      keep(outcome);
      if (reached(rate, outcome.offered)) return;
      high_ = rate;
      result_.limit = Limit::generator;
    } else {
      high_ = outcome.offered > low_ ? std::min(rate, outcome.offered) : rate;
      result_.limit = Limit::responder;
    }
  }

  const Trial& trial_;
  SearchResult result_;
  double low_ = 0;   ///< the highest offered rate that passed
  double high_ = 0;  ///< the lowest rate that failed or could not be offered
};

std::string_view name_of(Limit limit) {
  switch (limit) {
    case Limit::responder:
      return "responder";
    case Limit::generator:
      return "generator";
    case Limit::max_rate:
      return "max_rate";
    case Limit::trials:
      break;
  }
  return "trials";
}

std::string_view explain(Limit limit) {
  switch (limit) {
    case Limit::responder:
      return "above it, requests are lost";
    case Limit::generator:
      return "the source did not reach the rates above it; the responder may answer more";
    case Limit::max_rate:
      return "no more was tried, by --max-rate";
    case Limit::trials:
      break;
  }
  return "the trials came to their end before the resolution was reached";
}

}  // namespace

SearchResult search(const SearchBounds& bounds, const Trial& trial) {
  return Search{bounds, trial}.run();
}

std::string to_table(const SearchResult& result) {
  std::string text = fmt::format("{:>5}  {:>10} {:>10} {:>9}\n", "trial", "wanted/s", "offered/s", "loss");
  int number = 0;
  for (const auto& row : result.trials)
    text += fmt::format("{:>5}  {:>10} {:>10} {:>9}  {}\n", ++number,
                        row.rate > 0 ? format_amount(row.rate) : "full", format_amount(row.outcome.offered),
                        format_ratio(row.outcome.loss), row.passed ? "passed" : "too much");
  const std::string bound = format_ratio(result.bounds.loss);
  if (!result.best)
    return text +
           fmt::format("\nno rate was found at which at most {} is lost ({})\n", bound, explain(result.limit));
  return text + fmt::format("\n{}/s offered with at most {} lost ({} was); {}\n",
                            format_amount(result.best->offered), bound, format_ratio(result.best->loss),
                            explain(result.limit));
}

nlohmann::json to_json(const SearchResult& result) {
  using Json = nlohmann::json;
  Json document{{"loss_bound", result.bounds.loss},
                {"resolution", result.bounds.resolution},
                {"per_second", result.best ? Json(result.best->offered) : Json(nullptr)},
                {"loss", result.best ? Json(result.best->loss) : Json(nullptr)},
                {"limit", name_of(result.limit)},
                {"trials", Json::array()}};
  for (const auto& row : result.trials)
    document["trials"].push_back({{"wanted_per_second", row.rate > 0 ? Json(row.rate) : Json(nullptr)},
                                  {"offered_per_second", row.outcome.offered},
                                  {"loss", row.outcome.loss},
                                  {"passed", row.passed}});
  return document;
}

std::string to_csv(const SearchResult& result) {
  std::string text = "wanted_per_second,offered_per_second,loss,passed\n";
  for (const auto& row : result.trials)
    text += fmt::format("{},{:.0f},{:.6f},{}\n", row.rate > 0 ? fmt::format("{:.0f}", row.rate) : "",
                        row.outcome.offered, row.outcome.loss, row.passed ? 1 : 0);
  return text;
}

}  // namespace arpline::gen
