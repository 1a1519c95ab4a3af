// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "sim/checks.hpp"
#include "sim/run.hpp"

// Tests of the checks themselves: each runs machines with one defect, which the named property must detect.
namespace arpline::sim {
namespace {

/// Sends each frame of one purpose `times` times.
template <Purpose purpose, int times>
class Repeats final : public Between {
  using Between::Between;
  bool send_as(const Outgoing& frame) override {
    bool sent = true;
    for (int i = 0; i < (frame.purpose == purpose ? times : 1); ++i) sent = to().send(frame) && sent;
    return sent;
  }
};

/// Sends frames of purpose `was` as frames of purpose `is`.
template <Purpose was, Purpose is>
class Mistakes final : public Between {
  using Between::Between;
  bool send_as(const Outgoing& frame) override {
    auto other = frame;
    if (frame.purpose == was) other.purpose = is;
    return to().send(other);
  }
};

template <ReportKind told>
class Conceals final : public Between {
  using Between::Between;
  void report_as(const Report& report) override {
    if (report.kind != told) to().report(report);
  }
};

class Misnames final : public Between {
  using Between::Between;
  void report_as(const Report& report) override {
    auto other = report;
    other.origin = report.origin == ClaimOrigin::elsewhere ? ClaimOrigin::proxy : ClaimOrigin::elsewhere;
    to().report(other);
  }
};

class WrongMac final : public Between {
  using Between::Between;
  bool send_as(const Outgoing& frame) override {
    auto other = frame;
    other.frame.sender_mac ^= 1ULL << 40U;
    return to().send(other);
  }
};

class NeverInside final : public Between {
  using Between::Between;
  bool send_as(const Outgoing& frame) override {
    auto other = frame;
    other.inside = false;
    return to().send(other);
  }
};

/// Stops announcing an endpoint after so many announcements.
template <int times>
class Tires final : public Between {
  using Between::Between;
  bool send_as(const Outgoing& frame) override {
    return frame.purpose != Purpose::announce || said_[frame.id]++ >= times || to().send(frame);
  }
  std::map<Id, int> said_;
};

/// Repeats each endpoint's last announcement at every tick, whatever has happened since.
class Parrot final : public Between {
  using Between::Between;
  bool send_as(const Outgoing& frame) override {
    if (frame.purpose == Purpose::announce) said_[frame.id] = frame;
    return to().send(frame);
  }
  Instant tick(Instant now, Actions& actions) override {
    const auto wake = Between::tick(now, actions);
    for (const auto& [id, frame] : said_) actions.send(frame);
    return wake;
  }
  std::map<Id, Outgoing> said_;
};

/// Announces each new endpoint at once, however often its address has moved.
class Eager final : public Between {
  using Between::Between;
  void put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now, Actions& actions) override {
    Between::put(id, subject, arrival, now, actions);
    came_.push_back({.id = id, .frame = arpl_announcement(subject.mac, subject.address, subject.vlan)});
  }
  Instant tick(Instant now, Actions& actions) override {
    for (const auto& frame : std::exchange(came_, {})) actions.send(frame);
    return Between::tick(now, actions);
  }
  std::vector<Outgoing> came_;
};

class NeverDefends final : public Between {
  using Between::Between;
  bool send_as(const Outgoing& frame) override { return frame.purpose == Purpose::defend || to().send(frame); }
};

class Deaf final : public Forwarding {
  using Forwarding::Forwarding;
  void on_own_mac(Mac /*mac*/, Instant /*now*/) override {}
  void on_host_answer(Ipv4 /*gateway*/, std::uint16_t /*vlan*/, Instant /*at*/) override {}
};

class Hoarder final : public Forwarding {
  using Forwarding::Forwarding;
  std::size_t remembered() const noexcept override { return 1'000'000; }
};

template <class Which>
std::unique_ptr<Machines> make(std::unique_ptr<Machines> machines) {
  return std::make_unique<Which>(std::move(machines));
}

using Change = std::function<void(Scenario&)>;

void as_it_is(Scenario& /*scenario*/) {}

Change policy(OnConflict on_conflict) {
  return [=](Scenario& scenario) { scenario.settings.on_conflict = on_conflict; };
}

void probing(Scenario& scenario) {
  scenario.settings.probe = ProbeMode::fast;
}

void asking(Scenario& scenario) {
  scenario.settings.path_probe = 5 * kSecond;
  scenario.gateways = true;
}

void losing(Scenario& scenario) {
  scenario.quality.lost = 1000;
}

void swallowing(Scenario& scenario) {
  scenario.fast_path = true;
  scenario.faults.front().lasts = 4 * kSecond;
  scenario.swallowed = 50;
}

struct Case {
  Property property;
  Fault fault;
  MakeMachine machine;
  Change change = as_it_is;
};

std::vector<Case> cases() {
  using P = Property;
  using F = Fault;
  return {
      {P::well_formed, F::none, make<WrongMac>},
      {P::set_begins, F::restart, make<Tires<0>>},
      {P::set_spacing, F::restart, make<Repeats<Purpose::announce, 2>>},
      {P::refreshed, F::none, make<Tires<20>>, [](Scenario& s) { s.settings.announce.refresh = kSecond; }},
      {P::not_too_often, F::none, make<Parrot>},
      {P::inside_once, F::new_mac, make<NeverInside>},
      {P::pace, F::none, make<Repeats<Purpose::announce, 30>>},
      {P::asking_pace, F::none, make<Repeats<Purpose::ask_gateway, 300>>, asking},
      {P::probe_timing, F::new_mac, make<Repeats<Purpose::probe, 2>>, probing},
      {P::probed_first, F::new_mac, make<Mistakes<Purpose::probe, Purpose::announce>>, probing},
      {P::silent_withdrawn, F::withdraw, make<Parrot>},
      {P::silent_contested, F::claims_once, make<Parrot>},
      {P::silent_given_up, F::claims_often, make<Parrot>, policy(OnConflict::never)},
      {P::silent_moving, F::moves_often, make<Eager>},
      {P::silent_unanswered, F::silent, make<Parrot>},
      {P::conflict_reported, F::claims_once, make<Conceals<ReportKind::conflict>>},
      {P::origin, F::claims_once, make<Misnames>},
      {P::conflict_over, F::claims_once, make<Conceals<ReportKind::conflict_over>>},
      {P::defended, F::claims_once, make<NeverDefends>, policy(OnConflict::always)},
      {P::defence_allowed, F::none, make<Mistakes<Purpose::announce, Purpose::defend>>},
      {P::defence_interval, F::claims_once, make<Repeats<Purpose::defend, 2>>, policy(OnConflict::always)},
      {P::gave_up, F::claims_once, make<Conceals<ReportKind::gave_up>>, policy(OnConflict::never)},
      {P::moves_noticed, F::moves_often, make<Conceals<ReportKind::moves_too_often>>},
      {P::moves_end, F::moves_often, make<Conceals<ReportKind::moves_no_more>>},
      {P::path_order, F::gateway_gone, make<Conceals<ReportKind::path_suspect>>, asking},
      {P::path_lost, F::gateway_gone, make<Conceals<ReportKind::path_lost>>, asking},
      {P::path_back, F::gateway_gone, make<Conceals<ReportKind::path_back>>, asking},
      {P::path_blame, F::mac_dropped, make<Deaf>, asking},
      {P::gateway_moved, F::gateway_moved, make<Conceals<ReportKind::gateway_moved>>, asking},
      {P::seen_outside, F::flap, make<Deaf>},
      {P::told_in_use, F::prober, {}, losing},
      {P::bounded, F::none, make<Hoarder>},
      {P::as_the_kernel, F::adversary, {}, swallowing},
      {P::above_the_kernel, F::adversary, {}, swallowing},
      {P::reachable, F::new_mac, {}, losing},
  };
}

TEST(Broken, machines_are_noticed_by_the_property_that_they_break) {
  constexpr std::uint64_t kTries = 60;
  for (const auto& [property, fault, machine, change] : cases()) {
    bool noticed = false;
    for (std::uint64_t seed = 1; seed <= kTries && !noticed; ++seed) {
      auto scenario = draw(seed, fault);
      change(scenario);
      noticed = run(scenario, {.make_machine = machine, .until = property}).failed_in(property);
    }
    EXPECT_TRUE(noticed) << name_of(property) << " with " << name_of(fault);
  }
}

// The programs answer, not the machines, so the check is called directly with an answer for a withdrawn
// endpoint.
TEST(Broken, answers_for_what_is_withdrawn_are_noticed) {
  const Queue queue;
  Findings findings(queue);
  Checks checks(findings, 1);
  const AnnouncedEndpoint subject{.mac = 0x0102, .address = 0x0a00000a};
  arpl_slot slot{.word = subject.mac};
  checks.set_truth({.slot = [&](Id) -> const arpl_slot& { return slot; },
                    .lives = [&](Mac, Ipv4, std::uint16_t) { return slot.word != 0; },
                    .remembered = [] { return std::size_t{0}; }});
  checks.on_settings({}, at(kSecond));
  checks.on_put(0, subject, Arrival::found, at(kSecond));
  const auto answer = is_at(subject.mac, subject.address, 0x0304, 0x0b00000a, 0);
  checks.on_answered(0, answer, at(2 * kSecond));
  EXPECT_FALSE(findings.failed(Property::answers_served));
  slot.claimed_at = raw(at(2 * kSecond));
  checks.on_answered(0, answer, at(3 * kSecond));
  EXPECT_FALSE(findings.failed(Property::answers_served)) << "a claim takes no answer away";
  slot.word = 0;
  checks.on_answered(0, answer, at(3 * kSecond));
  EXPECT_TRUE(findings.failed(Property::answers_served));
}

TEST(Broken, every_property_is_broken_by_somebody) {
  std::set<Property> broken{Property::answers_served};
  for (const auto& one : cases()) broken.insert(one.property);
  EXPECT_EQ(broken.size(), kProperties);
}

}  // namespace
}  // namespace arpline::sim
