// SPDX-License-Identifier: Apache-2.0
#include "control/egress_health.hpp"

#include <spdlog/spdlog.h>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/shared_word.hpp"
#include "shared/abi.h"

namespace arpline {
namespace {

// Leaves time for a second test, one tick later, before the proof of the last one expires
// (arpl_limits.egress_seen_ns).
constexpr Duration kTestEvery = 1s;
// Limits the work when somebody removes our filter in a loop.
constexpr Duration kAttachAgainEvery = 20ms;

}  // namespace

const char* EgressHealth::text() const noexcept {
  switch (sight_) {
    case Sight::seen:
      return "seen";
    case Sight::hidden:
      return "hidden";
    case Sight::missing:
      return "missing";
    default:
      return "unknown";
  }
}

void EgressHealth::tick(Instant now) {
  if (sight_ == Sight::seen && now - tested_at_ < kTestEvery) return;
  if (!is_seen(now)) repair(now);
  tested_at_ = now;
}

bool EgressHealth::is_seen(Instant now) {
  const auto before = kernel_.passed();
  if (!kernel_.send_self_test()) return true;
  if (kernel_.passed() == before) return false;
  if (sight_ == Sight::hidden) spdlog::warn("{}: no egress filter hides ours any more", state_.name());
  if (sight_ == Sight::missing) spdlog::warn("{}: our egress filter is back", state_.name());
  sight_ = Sight::seen;
  publish(seen_at_, raw(now));
  return true;
}

void EgressHealth::repair(Instant now) {
  checked_at_ = now;
  try {
    if (!kernel_.has_filter()) return attach_again(now);
    if (sight_ != Sight::hidden)
      spdlog::warn("{}: another egress filter hides ours: nothing is confirmed any more", state_.name());
    sight_ = Sight::hidden;
  } catch (const SetupError& error) {
    if (error.what() != complaint_) spdlog::warn("{}", error.what());
    complaint_ = error.what();
    sight_ = Sight::missing;
  }
}

void EgressHealth::attach_again(Instant now) {
  kernel_.attach_filter();
  spdlog::warn("{}: somebody has removed our egress filter; it is attached again", state_.name());
  ++put_back_;
  complaint_.clear();
  sight_ = Sight::unknown;
  is_seen(now);
}

// The kernel reports our own changes too, so only a filter that is missing or hidden is repaired. An event that
// comes too soon is left to the next self-test.
void EgressHealth::on_filters(Instant now) {
  if (now - checked_at_ < kAttachAgainEvery) return;
  checked_at_ = now;
  try {
    if (!kernel_.has_filter() || !is_seen(now)) repair(now);
  } catch (const SetupError&) {
    return;  // the parent is being deleted
  }
}

void EgressHealth::warn(std::vector<std::string>& warnings) const {
  if (sight_ == Sight::hidden) {
    warnings.push_back(
        "another egress filter hides ours: nothing is ever confirmed, only TO_CHILD and announcements work; "
        "see `" +
        Command("tc filter show dev {} egress", state_.link.name).text() + "`");
  }
  if (sight_ == Sight::missing) {
    warnings.push_back(
        "our egress filter is missing: nothing is confirmed, only TO_CHILD and announcements work; " +
        complaint_);
  }
}

}  // namespace arpline
