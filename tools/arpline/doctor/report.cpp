// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "arpline/doctor/findings.hpp"

namespace arpline::doctor {
namespace {

const char* name_of(Certainty certainty) {
  switch (certainty) {
    case Certainty::possible:
      return "possible";
    case Certainty::likely:
      return "likely";
    case Certainty::certain:
      break;
  }
  return "certain";
}

std::string what_was_asked(const Facts& facts) {
  if (!facts.asked.empty()) return visible(facts.asked);
  std::string list;
  for (const auto& parent : facts.parents) list += (list.empty() ? "" : ", ") + visible(parent.link.name);
  return list.empty() ? "no parent" : list;
}

}  // namespace

std::string docs_page(const std::string& id) {
  auto anchor = id;
  std::ranges::replace(anchor, '_', '-');
  return "docs/doctor.md#" + anchor;
}

std::string findings_as_text(const Facts& facts, const Findings& findings) {
  std::string text;
  for (const auto& finding : findings) {
    text += fmt::format("{:<9} {} ({}): {}\n", severity_name(finding.severity), finding.id,
                        name_of(finding.certainty), finding.subject);
    text += fmt::format("          {}\n", finding.evidence);
    if (!finding.command.empty()) text += fmt::format("          -> {}\n", finding.command.text());
    text += fmt::format("          {}\n", docs_page(finding.id));
  }
  for (const auto& line : facts.unseen) text += fmt::format("not looked at: {}\n", line);
  const auto count = [&](Severity severity) {
    return std::ranges::count(findings, severity, &Finding::severity);
  };
  text += fmt::format("{}: {} critical, {} warning(s), {} note(s)\n", what_was_asked(facts),
                      count(Severity::critical), count(Severity::warning), count(Severity::note));
  return printable(text);
}

std::string findings_as_json(const Facts& facts, const Findings& findings) {
  nlohmann::ordered_json root;
  root["version"] = ARPLINE_VERSION;
  root["endpoint"] =
      facts.asked.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(visible(facts.asked));
  root["parents"] = nlohmann::ordered_json::array();
  for (const auto& parent : facts.parents) root["parents"].push_back(visible(parent.link.name));
  root["findings"] = nlohmann::ordered_json::array();
  for (const auto& finding : findings)
    root["findings"].push_back(
        {{"id", finding.id},
         {"severity", severity_name(finding.severity)},
         {"certainty", name_of(finding.certainty)},
         {"subject", finding.subject},
         {"evidence", finding.evidence},
         {"command", finding.command.empty() ? nlohmann::ordered_json(nullptr)
                                             : nlohmann::ordered_json(finding.command.text())},
         {"docs", docs_page(finding.id)}});
  root["not_looked_at"] = facts.unseen;
  return root.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace arpline::doctor
