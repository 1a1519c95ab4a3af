// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "control/event_loop.hpp"
#include "control/parents.hpp"
#include "endpoints/history.hpp"

namespace arpline {

/// Answers what comes in through the parents' control sockets. What changes parents is only noted here, in the
/// Parent; the loop does it once nothing stands on them any more.
class Requests {
 public:
  /// All outlive it.
  Requests(const Config& config, const Parents& parents, const History& history, const Turns& turns)
      : config_(config), parents_(parents), history_(history), turns_(turns) {}

  /// For the handler of the parent's server. Throws what becomes an error for who asks.
  nlohmann::json answer(Parent& parent, const nlohmann::json& request) const;

 private:
  void refuse_who_may_only_look(const Parent& parent, const std::string& command) const;
  nlohmann::json status(const Parent& parent, bool senders) const;
  static nlohmann::json limit(const Parent& parent, const nlohmann::json& request);

  const Config& config_;
  const Parents& parents_;
  const History& history_;
  const Turns& turns_;
};

}  // namespace arpline
