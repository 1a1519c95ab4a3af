// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "arpgen/bpf/abi.h"
#include "arpgen/bpf/histogram.h"
#include "base/foreign_text.hpp"
#include "base/net.hpp"

namespace arpline::gen {

/// One stream of a run, or the sum of several.
struct StreamResult {
  std::string name;          ///< the spec as given
  std::uint64_t frames = 0;  ///< frames handed to the interface
  std::uint64_t asked = 0;   ///< those of them that somebody should answer
  arpgen_answers answers{};
  std::vector<std::uint64_t> histogram;  ///< ARPGEN_BUCKETS latencies; empty: none
};

struct AddressResult {
  std::uint32_t address = 0;  ///< host byte order
  std::uint16_t vlan = 0;     ///< 0: no tag
  Mac mac = 0;                ///< from its first answer; 0: none
  std::uint64_t asked = 0;
  std::uint64_t answered = 0;  ///< within the deadline

  /// Requests without an answer within the deadline.
  std::uint64_t unanswered() const { return asked > answered ? asked - answered : 0; }
};

/// The outcome of a run.
struct Results {
  ForeignText interface;
  std::string source;
  std::uint64_t seed = 0;
  std::uint64_t deadline_ns = 0;
  double seconds = 0;  ///< from the first frame to the last
  std::vector<StreamResult> streams;
  std::vector<AddressResult> addresses;
};

/// In nanoseconds; all 0 when nothing was timed.
struct Latency {
  std::uint64_t timed = 0, min = 0, mean = 0, p50 = 0, p90 = 0, p99 = 0, p99_9 = 0, p99_99 = 0, max = 0;
};

/// Adds the counters and the histogram of `from`, but not its name.
inline void add(StreamResult& to, const StreamResult& from) {
  arpgen_answers& sum = to.answers;
  const arpgen_answers& more = from.answers;
  to.frames += from.frames;
  to.asked += from.asked;
  sum.answered += more.answered;
  sum.late += more.late;
  sum.duplicate += more.duplicate;
  sum.wrong_mac += more.wrong_mac;
  sum.wrong_target += more.wrong_target;
  sum.broadcast += more.broadcast;
  sum.unasked += more.unasked;
  sum.echoed += more.echoed;
  sum.timed += more.timed;
  sum.sum_ns += more.sum_ns;
  sum.max_ns = std::max(sum.max_ns, more.max_ns);
  if (sum.min_ns == 0 || (more.min_ns != 0 && more.min_ns < sum.min_ns)) sum.min_ns = more.min_ns;
  to.histogram.resize(std::max(to.histogram.size(), from.histogram.size()));
  for (std::size_t i = 0; i < from.histogram.size(); ++i) to.histogram[i] += from.histogram[i];
}

/// The sum over all streams.
inline StreamResult total(const Results& results) {
  StreamResult sum;
  for (const auto& stream : results.streams) add(sum, stream);
  return sum;
}

/// Requests without a right answer, in time or late.
inline std::uint64_t unanswered(const StreamResult& stream) {
  const auto came = stream.answers.answered + stream.answers.late;
  return stream.asked > came ? stream.asked - came : 0;
}

/// The wrong answers.
inline std::uint64_t wrong(const arpgen_answers& answers) {
  return answers.wrong_mac + answers.wrong_target + answers.broadcast;
}

/// The share of requests that were answered in time, 0 to 1; 0 when there was none.
inline double ratio(const StreamResult& stream) {
  if (stream.asked == 0) return 0;
  return static_cast<double>(stream.answers.answered) / static_cast<double>(stream.asked);
}

/// The value (ns) that the share `quantile` (0 to 1) of the entries does not exceed, rounded up by at most
/// 1/64; 0 for an empty histogram.
inline std::uint64_t percentile(const std::vector<std::uint64_t>& histogram, double quantile) {
  std::uint64_t all = 0;
  for (const auto count : histogram) all += count;
  if (all == 0) return 0;
  const auto rank =
      std::max(std::uint64_t{1}, static_cast<std::uint64_t>(std::ceil(quantile * static_cast<double>(all))));
  std::uint64_t below = 0;
  for (std::uint32_t bucket = 0; bucket < histogram.size(); ++bucket) {
    below += histogram[bucket];
    if (below >= rank) return arpgen_bucket_top(bucket);
  }
  return arpgen_bucket_top(ARPGEN_BUCKETS - 1);
}

inline Latency latency_of(const StreamResult& stream) {
  const arpgen_answers& answers = stream.answers;
  if (answers.timed == 0) return {};
  // A bucket's top may be above its greatest value.
  const auto at = [&](double quantile) {
    return std::min<std::uint64_t>(percentile(stream.histogram, quantile), answers.max_ns);
  };
  return {.timed = answers.timed,
          .min = answers.min_ns,
          .mean = answers.sum_ns / answers.timed,
          .p50 = at(0.5),
          .p90 = at(0.9),
          .p99 = at(0.99),
          .p99_9 = at(0.999),
          .p99_99 = at(0.9999),
          .max = answers.max_ns};
}

}  // namespace arpline::gen
