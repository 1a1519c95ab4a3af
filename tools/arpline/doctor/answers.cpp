// SPDX-License-Identifier: Apache-2.0
#include "arpline/doctor/answers.hpp"

#include <fmt/format.h>

#include <utility>

namespace arpline::doctor {
namespace {

using nlohmann::json;

// The parent's entry in an answer, which is about one parent or a list of several.
const json* entry_of(const std::optional<json>& answer, int ifindex) {
  if (!answer || !answer->is_object()) return nullptr;
  const auto parents = answer->find("parents");
  if (parents == answer->end() || !parents->is_array()) return nullptr;
  for (const auto& parent : *parents)
    if (parent.is_object() && parent.contains("ifindex") && parent["ifindex"] == ifindex) return &parent;
  return nullptr;
}

template <class Status>
std::optional<Status> read(const json& answer, const Parent& parent, std::vector<std::string>& unseen) {
  try {
    return from_json<Status>(answer);
  } catch (const AnswerError& error) {
    unseen.push_back(fmt::format("what the arplined of {} answers: {}; it is of another version, restart it",
                                 visible(parent.link.name), error.what()));
    return std::nullopt;
  }
}

}  // namespace

bool take_status(const std::optional<json>& answer, Parent& parent, std::vector<std::string>& unseen) {
  const auto* entry = entry_of(answer, parent.link.ifindex);
  if (entry == nullptr) return false;
  if (auto status = read<ParentStatus>(*entry, parent, unseen)) {
    parent.egress = std::move(status->egress);
    parent.announce = std::move(status->announce);
    parent.endpoints = std::move(status->endpoints);
  }
  return true;
}

void take_gone(const std::optional<json>& answer, Parent& parent, std::vector<std::string>& unseen) {
  if (!answer || !answer->is_object() || !answer->contains("gone")) {
    unseen.push_back(
        fmt::format("what vanished from {}, and when: its arplined does not tell", visible(parent.link.name)));
    return;
  }
  auto gone = read<GoneAnswer>(*answer, parent, unseen);
  if (!gone) return;
  parent.gone = std::move(gone->gone);
  std::erase_if(parent.gone, [&](const GoneStatus& one) { return one.parent != parent.link.name; });
}

void name_last_claimant(EndpointStatus& endpoint) {
  if (endpoint.claimants.empty() && endpoint.last_claimant_mac)
    endpoint.claimants.push_back({.mac = *endpoint.last_claimant_mac, .times = endpoint.counters.claims});
}

}  // namespace arpline::doctor
