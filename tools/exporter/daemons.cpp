// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemons.hpp"

#include <fmt/format.h>
#include <net/if.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "control/client.hpp"
#include "kernel/netns.hpp"
#include "kernel/pins.hpp"

namespace arpline::exporter {
namespace {

struct Place {
  ForeignText parent;
  std::string socket;
};

// A folder keeps the name that the parent had at first, with '_' for '.'; the interface's own name goes before
// it.
ForeignText name_of(const PinName& pin) {
  char now[IF_NAMESIZE];
  return if_indextoname(static_cast<unsigned>(pin.ifindex), now) != nullptr ? ForeignText{now} : pin.parent;
}

std::vector<Place> places_in(const std::string& run_root) {
  std::vector<Place> places;
  const auto own = own_netns_inode();
  for (const auto& text : names_in(run_root)) {
    PinName pin;
    if (!parse_pin_name(text, pin) || pin.netns_inode != own) continue;
    places.push_back({.parent = name_of(pin), .socket = fmt::format("{}/{}/control.sock", run_root, text)});
  }
  return places;
}

std::string why_silent(const std::string& socket) {
  if (access(socket.c_str(), R_OK | W_OK) == 0) return "arplined is dead, or hangs";
  if (errno == EACCES)
    return socket +
           ": permission denied; name control_group in arplined's configuration, and be a member of it";
  return "no arplined is there: " + socket + " is missing";
}

// Fills in the parent's answer; returns what is wrong, or nothing.
std::string read_reply(Parent& parent, const std::optional<nlohmann::json>& reply, const std::string& socket) {
  if (!reply) return why_silent(socket);
  if (reply->contains("error") && reply->at("error").is_string())
    return "arplined says: " + reply->at("error").get<std::string>();
  try {
    parent.answer = from_json<MetricsAnswer>(*reply);
    return {};
  } catch (const AnswerError& error) {
    return fmt::format("arplined is of another version than {}: {}", ARPLINE_VERSION, error.what());
  }
}

}  // namespace

void Daemons::note(const ForeignText& parent, const std::string& complaint) {
  auto& last = complaints_[parent];
  if (last == complaint) return;
  fmt::print(stderr, "{}\n",
             printable(visible(parent) + ": " + (complaint.empty() ? "answers again" : complaint)));
  last = complaint;
}

std::vector<Parent> Daemons::ask() {
  const auto places = places_in(run_root_);
  std::vector<std::string> sockets;
  sockets.reserve(places.size());
  for (const auto& place : places) sockets.push_back(place.socket);
  const auto replies = ask_each(sockets, {{"cmd", "metrics"}, {"endpoints", endpoints_}});
  std::vector<Parent> parents;
  std::map<ForeignText, std::string> before;
  before.swap(complaints_);
  for (std::size_t i = 0; i < places.size(); ++i) {
    auto& parent = parents.emplace_back(Parent{.name = places[i].parent, .answer = {}});
    const auto complaint = read_reply(parent, replies[i], places[i].socket);
    if (const auto known = before.find(parent.name); known != before.end()) complaints_.insert(*known);
    note(parent.name, complaint);
  }
  return parents;
}

}  // namespace arpline::exporter
