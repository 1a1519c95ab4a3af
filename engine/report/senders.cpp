// SPDX-License-Identifier: Apache-2.0
#include "report/senders.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/table.hpp"

namespace arpline {
namespace {

using nlohmann::json;

std::uint64_t frames_of(const Sender& sender) {
  return sender.sent.requests + sender.sent.replies + sender.sent.announcements;
}

json text_or_null(const ForeignText& text) {
  return text.empty() ? json(nullptr) : json(visible(text));
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : "-";
}

TableRow row_of(const json& sender) {
  TableRow row{text_of(sender.at("mac")), text_of(sender.at("namespace")), text_of(sender.at("interface"))};
  for (const auto* key : {"requests", "replies", "announcements", "claims"})
    row.push_back(std::to_string(sender.at(key).get<std::uint64_t>()));
  return row;
}

}  // namespace

json senders_to_json(std::vector<Sender> senders) {
  std::ranges::sort(senders, [](const Sender& a, const Sender& b) {
    return frames_of(a) != frames_of(b) ? frames_of(a) > frames_of(b) : a.mac < b.mac;
  });
  json all = json::array();
  for (const auto& sender : senders) {
    all.push_back({{"mac", format_mac(sender.mac)},
                   {"namespace", text_or_null(sender.netns)},
                   {"interface", text_or_null(sender.interface)},
                   {"parent", sender.sent.host != 0},
                   {"requests", sender.sent.requests},
                   {"replies", sender.sent.replies},
                   {"announcements", sender.sent.announcements},
                   {"claims", sender.sent.claims}});
  }
  return all;
}

std::string senders_to_text(const json& status) {
  std::string text;
  for (const auto& parent : status.at("parents")) {
    std::vector<TableRow> rows{
        {"MAC", "NAMESPACE", "INTERFACE", "REQUESTS", "REPLIES", "ANNOUNCEMENTS", "CLAIMS"}};
    for (const auto& sender : parent.at("senders")) rows.push_back(row_of(sender));
    text += fmt::format("{}{}: ARP frames of the host and its containers, by sender\n",
                        text.empty() ? "" : "\n", text_of(parent.at("parent")));
    text += table(rows);
  }
  return text;
}

}  // namespace arpline
