// SPDX-License-Identifier: Apache-2.0
#include "control/parents.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/error.hpp"
#include "kernel/pins.hpp"
#include "kernel/programs.hpp"

namespace arpline {
namespace {

// The same line twice in a row is logged once.
void complain(Parent& parent, const std::string& line) {
  if (line != parent.last_complaint) spdlog::warn("{}", line);
  parent.last_complaint = line;
}

}  // namespace

ParentFate fate_of(bool known, bool attached, const std::function<bool()>& exists) {
  if (!known || (!attached && !exists())) return ParentFate::gone;
  return attached ? ParentFate::stays : ParentFate::taken_off;
}

Parent& Parents::add(const ParentConfig& config) {
  return *parents_.emplace_back(std::make_unique<Parent>(Parent{.config = config}));
}

void Parents::start(const std::vector<ParentConfig>& configs, Instant now) {
  for (const auto& config : configs) {
    auto& parent = add(config);
    if (configs.size() == 1) {
      host_.serve(parent);
    } else {
      serve_if_present(parent, now);
    }
  }
}

void Parents::look(Instant now) {
  for (auto& parent : parents_) check(*parent, now);
}

// Leaves a parent whose interface is gone, and updates one that has changed.
void Parents::check(Parent& parent, Instant now) {
  if (!parent.served) return serve_if_present(parent, now);
  const auto ifindex = parent.served->ifindex();
  const auto link = host_.parent_link(ifindex);
  switch (fate_of(link.has_value(), parent.served->attached(), [&] { return host_.exists(ifindex); })) {
    case ParentFate::stays:
      return update(parent, *link);
    case ParentFate::gone:
      spdlog::warn("{}: the interface is gone; waiting for it to come back", visible(parent.config.name));
      leave(parent, OnStop::detach);
      parent.tried_ifindex = 0;
      parent.waits_for = "the interface is gone";
      return;
    case ParentFate::taken_off:
      spdlog::warn("{}: somebody took the XDP program off the interface; leaving it",
                   visible(parent.config.name));
      parent.leaving = true;
      return;
  }
}

void Parents::update(Parent& parent, const ParentLink& link) {
  contain(parent, [&] {
    parent.served->update_link(link);
    parent.served->second();
  });
}

void Parents::contain(Parent& parent, const std::function<void()>& work) {
  try {
    work();
  } catch (const SetupError& error) {
    complain(parent, error.what());
  }
}

void Parents::wait_for(Parent& parent, const std::string& why) {
  parent.waits_for = why;
  complain(parent, why);
}

// Tries a new interface at once, and one that could not be served when its backoff is over.
void Parents::serve_if_present(Parent& parent, Instant now) {
  const auto* link = host_.find_link(parent.config.name);
  if (link == nullptr) {
    parent.backoff.reset();
    return wait_for(parent, visible(parent.config.name) + ": no such interface; waiting for it");
  }
  if (link->ifindex == parent.tried_ifindex && !parent.backoff.due(now)) return;
  if (link->ifindex != parent.tried_ifindex) parent.backoff.reset();
  parent.tried_ifindex = link->ifindex;
  try_to_serve(parent, now);
}

void Parents::try_to_serve(Parent& parent, Instant now) {
  try {
    host_.serve(parent);
    parent.last_complaint.clear();
    parent.waits_for.clear();
    parent.backoff.reset();
  } catch (const SetupError& error) {
    wait_for(parent, error.what());
    parent.backoff.failed(now);
  }
}

void Parents::leave(Parent& parent, OnStop how) {
  parent.server.reset();
  parent.feed.reset();
  parent.events.reset();
  parent.tags.reset();
  if (!parent.served) return;
  parent.served->stop(how);
  parent.served.reset();
}

bool Parents::leave_where_asked() {
  const auto wants = [](const auto& parent) { return parent->leaving; };
  for (auto& parent : parents_)
    if (wants(parent)) leave(*parent, OnStop::detach);
  return std::erase_if(parents_, wants) > 0 && parents_.empty();
}

void Parents::leave_all() {
  for (auto& parent : parents_) leave(*parent, parent->config.on_stop);
}

// Returns the error, so that it doesn't keep the other parents from being reconfigured.
std::string Parents::reconfigure(Parent& parent, const Config& config, const ParentConfig& own) {
  const bool changed = !(parent.config == own);
  parent.config = own;
  try {
    if (parent.served) parent.served->reconfigure(config, own);
    if (!parent.served && changed) parent.tried_ifindex = 0;  // the change may have removed the obstacle
    return {};
  } catch (const SetupError& error) {
    return error.what();
  }
}

std::string Parents::apply(const Config& config, Instant now) {
  std::string errors;
  for (auto& parent : parents_) {
    const auto at = std::ranges::find(config.parents, parent->config.name, &ParentConfig::name);
    if (at == config.parents.end()) {
      parent->leaving = true;
    } else if (const auto error = reconfigure(*parent, config, *at); !error.empty()) {
      errors += (errors.empty() ? "" : "; ") + error;
    }
  }
  for (const auto& wanted : config.parents) {
    const auto has_name = [&](const auto& parent) { return parent->config.name == wanted.name; };
    if (std::ranges::none_of(parents_, has_name)) serve_if_present(add(wanted), now);
  }
  return errors;
}

std::string Parents::state() const {
  std::string serving;
  std::string waiting;
  for (const auto& parent : parents_) {
    auto& list = parent->served ? serving : waiting;
    list += (list.empty() ? "" : ", ") + visible(parent->config.name);
    if (!parent->served && !parent->waits_for.empty()) list += fmt::format(" ({})", parent->waits_for);
  }
  return fmt::format("serving {}{}{}", serving.empty() ? "nothing" : serving,
                     waiting.empty() ? "" : "; waiting for ", waiting);
}

std::vector<WaitingStatus> Parents::waiting(Instant now) const {
  std::vector<WaitingStatus> all;
  for (const auto& parent : parents_) {
    if (parent->served) continue;
    const auto at = parent->backoff.at();
    all.push_back({.parent = parent->config.name,
                   .reason = parent->waits_for,
                   .next_try_seconds = seconds_until(at, now)});
  }
  return all;
}

std::vector<ForeignText> Parents::names() const {
  std::vector<ForeignText> names;
  for (const auto& parent : parents_) names.push_back(parent->config.name);
  return names;
}

std::vector<std::pair<Parent*, std::uint64_t>> Parents::take_reload_askers() {
  std::vector<std::pair<Parent*, std::uint64_t>> askers;
  for (auto& parent : parents_)
    for (const auto ticket : std::exchange(parent->reload_askers, {}))
      askers.emplace_back(parent.get(), ticket);
  return askers;
}

void refuse_what_needs_a_restart(const Config& now, const Config& wanted) {
  const auto refuse = [](const std::string& key) { throw SetupError(key + " changes with a restart only"); };
  if (now.control_group != wanted.control_group) refuse("control_group");
  if (now.netns_folders != wanted.netns_folders) refuse("netns_folders");
  if (now.eal != wanted.eal) refuse("eal");
  for (const auto& parent : wanted.parents) {
    const auto at = std::ranges::find(now.parents, parent.name, &ParentConfig::name);
    if (at == now.parents.end()) continue;
    const auto key = [&](const char* name) { return fmt::format("parent.{}.{}", visible(parent.name), name); };
    if (at->generic_xdp != parent.generic_xdp) refuse(key("generic_xdp"));
    if (at->port != parent.port) refuse(key("port"));
    if (at->device != parent.device) refuse(key("device"));
    if (at->steering != parent.steering) refuse(key("steering"));
  }
}

// The pinned link of an interface that is gone has ifindex 0.
void remove_stale_pins(const std::string& pin_root, const std::string& run_root) {
  for (const auto& name : names_in(pin_root)) {
    const auto folder = pin_root + "/" + name;
    if (pinned_ifindex(folder) != 0 || is_locked(run_root, name) || is_pin_locked(folder)) continue;
    spdlog::info("removing the stale pins {}", folder);
    remove_pin_folder(folder);
  }
  for (const auto& name : names_in(run_root))
    if (pinned_ifindex(pin_root + "/" + name) == 0) remove_run_folder(run_root, name);
}

}  // namespace arpline
