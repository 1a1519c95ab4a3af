// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "control/event_loop.hpp"
#include "control/parents.hpp"
#include "endpoints/history.hpp"

namespace arpline {

/// Answers the requests at the parents' control sockets. A reload or a detach is only noted in the Parent: the
/// loop carries it out in change_parents(), when nothing refers to the parents.
class Requests {
 public:
  /// All arguments outlive it.
  Requests(const Config& config, const Parents& parents, const History& history, const Turns& turns)
      : config_(config), parents_(parents), history_(history), turns_(turns) {}

  /// The handler of the parent's server; an exception becomes an error reply to the client.
  nlohmann::json answer(Parent& parent, const nlohmann::json& request) const;

 private:
  void refuse_unless_allowed(const Parent& parent, const std::string& command) const;
  nlohmann::json status(const Parent& parent, bool senders) const;
  nlohmann::json metrics(const Parent& parent, std::uint64_t endpoints) const;
  static nlohmann::json watch(Parent& parent, const nlohmann::json& request);
  static nlohmann::json limit(const Parent& parent, const nlohmann::json& request);

  const Config& config_;
  const Parents& parents_;
  const History& history_;
  const Turns& turns_;
};

}  // namespace arpline
