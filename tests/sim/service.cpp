// SPDX-License-Identifier: Apache-2.0
#include "sim/service.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace arpline::sim {

void Service::asked(const Packet& question, bool bare) {
  expire();
  const auto now = queue_.now();
  const auto since = since_.try_emplace({question.arp.vlan, question.arp.target_ip}, now).first->second;
  open_.push_back({.question = question, .at = now, .bare = bare, .counts = now - since >= kWarm});
}

void Service::left(const Packet& answer) {
  if (!answer.is_reply()) return;
  // The newest matching who-has: a kernel answers at once or never.
  const auto answered = std::find_if(open_.rbegin(), open_.rend(), [&](const Asked& one) {
    const auto& [question, reply] = std::pair{one.question.arp, answer.arp};
    return reply.eth_dst == question.eth_src && reply.target_ip == question.sender_ip &&
           reply.sender_ip == question.target_ip && reply.vlan == question.vlan;
  });
  if (answered == open_.rend()) return;
  if (answered->bare) findings_.check(Property::as_the_kernel, true, [] { return ""; });
  above_ += !answered->bare && answered->counts ? 1 : 0;
  open_.erase(std::next(answered).base());
}

void Service::expire() {
  for (; !open_.empty() && queue_.now() - open_.front().at > kPatience; open_.pop_front()) {
    const auto& one = open_.front();
    if (one.bare)
      findings_.check(Property::as_the_kernel, false,
                      [&] { return describe(one.question) + " is not answered"; });
    above_ += !one.bare && one.counts ? 1 : 0;
    lost_above_ += !one.bare && one.counts ? 1 : 0;
  }
}

void Service::forget(Ipv4 address, std::uint16_t vlan) {
  expire();
  since_.erase({vlan, address});
  std::erase_if(open_, [&](const Asked& one) {
    return one.question.arp.target_ip == address && one.question.arp.vlan == vlan;
  });
}

void Service::forget() {
  expire();
  since_.clear();
  open_.clear();
}

void Service::end() {
  expire();
  if (above_ < kEnough) return;
  findings_.check(Property::above_the_kernel, lost_above_ * 100 <= above_,
                  [&] { return fmt::format("{} of {} who-has are not answered", lost_above_, above_); });
}

}  // namespace arpline::sim
