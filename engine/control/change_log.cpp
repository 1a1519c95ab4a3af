// SPDX-License-Identifier: Apache-2.0
#include "control/change_log.hpp"

#include <spdlog/spdlog.h>

namespace arpline {
namespace {

constexpr LinePace::Rate kNetnsLines{.interval = 500ms, .burst = 64s};
constexpr LinePace::Rate kAllNetnsLines{.interval = 50ms, .burst = 50s};

std::string place_of(const Desired& desired) {
  return visible(desired.netns) + "/" + visible(desired.interface);
}

}  // namespace

ChangeLog::ChangeLog(const ParentState& state, const EndpointRegistry& registry, History& history,
                     Claims& claims)
    : state_(state),
      registry_(registry),
      history_(history),
      claims_(claims),
      pace_(kNetnsLines, kAllNetnsLines) {}

// An endpoint that is withdrawn and yet in the table has only changed.
void ChangeLog::forget_kept(Table::Changes& changes) const {
  std::erase_if(changes.withdrawn, [this](const Table::Entry& entry) {
    return registry_.table().entries().contains(entry.desired.key);
  });
}

// Only endpoints that were answered for, whose word has no flags, need a burst boundary and count as
// withdrawals.
void ChangeLog::add(Table::Changes changes, Instant heard_at, Instant now) {
  for (const auto& entry : changes.withdrawn)
    if ((entry.desired.word & ARPL_SLOT_FLAGS_MASK) == 0) unsettled_.push_back(heard_at);
  for (std::size_t i = 0; i < changes.added.size(); ++i) found_.add(now - heard_at);
  forget_kept(changes);
  unwritten_.push_back(std::move(changes));
}

void ChangeLog::settle(Instant now) {
  for (const auto heard_at : std::exchange(unsettled_, {})) withdrawn_.add(now - heard_at);
  for (const auto& changes : std::exchange(unwritten_, {})) write_all(changes, now);
}

void ChangeLog::write(Table::Changes changes, Instant now) {
  forget_kept(changes);
  write_all(changes, now);
}

void ChangeLog::write_withdrawn(const Desired& desired, Instant now) {
  claims_.forget(desired.key);
  const auto& tombstone = history_.gone(state_.link.name, desired, now);
  if (may_write(desired, now))
    spdlog::info("{}: withdrew {} ({}) of {}: {}", state_.name(), format_ipv4(desired.key.address),
                 format_mac(desired.word), place_of(desired), reason_of(tombstone));
}

void ChangeLog::write_all(const Table::Changes& changes, Instant now) {
  for (const auto& [slot, desired] : changes.withdrawn) write_withdrawn(desired, now);
  for (const auto& [slot, desired] : changes.added) {
    if (!may_write(desired, now)) continue;
    if (!desired.also_at.empty()) {
      write_also_at(desired);
    } else {
      spdlog::info("{}: found {} ({}) of {}", state_.name(), format_ipv4(desired.key.address),
                   format_mac(desired.word), place_of(desired));
    }
  }
  for (const auto& [slot, desired] : changes.also_at)
    if (may_write(desired, now)) write_also_at(desired);
  for (const auto& [slot, desired] : changes.reconfigured)
    if (may_write(desired, now))
      spdlog::info("{}: reconfigured {} of {}", state_.name(), format_ipv4(desired.key.address),
                   place_of(desired));
  if (changes.refused > 0) write_waiting();
}

void ChangeLog::write_also_at(const Desired& desired) const {
  const auto address = format_ipv4(desired.key.address);
  const auto place = fmt::format("{} ({})", place_of(desired), format_mac(desired.word));
  if (desired.also_at.empty()) {
    spdlog::info("{}: {} is at {} only", state_.name(), address, place);
  } else if ((desired.word & ARPL_SLOT_DUPLICATE) != 0) {
    spdlog::warn(
        "{}: {} is at {} and at {}, and nobody knows who was first: left to their kernels until one is left",
        state_.name(), address, place, desired.also_at);
  } else {
    spdlog::warn("{}: {} of {} is also at {}: who had it first stays served", state_.name(), address, place,
                 desired.also_at);
  }
}

// Limits the lines of each namespace, so that one with thousands of addresses doesn't use up the log's.
bool ChangeLog::may_write(const Desired& desired, Instant now) {
  const auto nsid = desired.settings ? desired.settings->nsid : AddressCandidates::kStaticNsid;
  if (pace_.take(static_cast<std::uint32_t>(nsid), now)) return true;
  ++left_out_[desired.netns];
  return false;
}

void ChangeLog::second() {
  for (const auto& [netns, lines] : std::exchange(left_out_, {}))
    spdlog::info("{}: {} lines about {} left out", state_.name(), lines, visible(netns));
  write_waiting();
}

// Logs the namespaces that wait for room, whenever they are others than last time.
void ChangeLog::write_waiting() {
  std::string names;
  for (const auto& [netns, addresses] : registry_.waiting())
    names += (names.empty() ? "" : ", ") + visible(netns);
  if (names == waiting_) return;
  waiting_ = names;
  if (!names.empty())
    spdlog::warn("{}: no room in the table for addresses of {}: left to their kernels until there is",
                 state_.name(), names);
}

}  // namespace arpline
