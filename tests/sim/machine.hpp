// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "protocol/protocol.hpp"
#include "sim/trace.hpp"
#include "sim/watcher.hpp"

namespace arpline::sim {

/// Forwards every call to other machines. Tests derive defective machines from it, which the checks must
/// detect.
class Forwarding : public Machines {
 public:
  explicit Forwarding(std::unique_ptr<Machines> to) : to_(std::move(to)) {}

  void set(const Settings& settings, Instant now) override { to_->set(settings, now); }
  void put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now, Actions& actions) override {
    to_->put(id, subject, arrival, now, actions);
  }
  void erase(Id id, Instant now) override { to_->erase(id, now); }
  void set_gateway(Id id, Ipv4 gateway, bool at_parent, Instant now) override {
    to_->set_gateway(id, gateway, at_parent, now);
  }
  void carrier_up(Instant now) override { to_->carrier_up(now); }
  void on_claim(Id id, Claim claim, Instant now, Actions& actions) override {
    to_->on_claim(id, claim, now, actions);
  }
  void on_own_mac(Mac mac, Instant now) override { to_->on_own_mac(mac, now); }
  void on_answer(Id id, Mac gateway_mac, Instant at, Actions& actions) override {
    to_->on_answer(id, gateway_mac, at, actions);
  }
  void on_host_answer(Ipv4 gateway, std::uint16_t vlan, Instant at) override {
    to_->on_host_answer(gateway, vlan, at);
  }
  bool speaks_for(Id id, Mac mac, Instant now) const override { return to_->speaks_for(id, mac, now); }
  Instant tick(Instant now, Actions& actions) override { return to_->tick(now, actions); }
  View view(Id id, Instant now) const override { return to_->view(id, now); }
  Summary summary() const override { return to_->summary(); }
  ClaimOrigin claim_origin_of(Mac mac, ClaimOrigin otherwise, Instant now) const override {
    return to_->claim_origin_of(mac, otherwise, now);
  }
  const Counts& counts() const noexcept override { return to_->counts(); }
  double refreshes_per_second() const override { return to_->refreshes_per_second(); }
  std::size_t remembered() const noexcept override { return to_->remembered(); }

 private:
  std::unique_ptr<Machines> to_;
};

/// Forwards every call, and intercepts the frames and reports of the inner machines.
class Between : public Forwarding, protected Actions {
 public:
  using Forwarding::Forwarding;

  void put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now, Actions& actions) override {
    enter(actions);
    Forwarding::put(id, subject, arrival, now, *this);
  }
  void on_claim(Id id, Claim claim, Instant now, Actions& actions) override {
    enter(actions);
    Forwarding::on_claim(id, claim, now, *this);
  }
  void on_answer(Id id, Mac mac, Instant at, Actions& actions) override {
    enter(actions);
    Forwarding::on_answer(id, mac, at, *this);
  }
  Instant tick(Instant now, Actions& actions) override {
    enter(actions);
    return Forwarding::tick(now, *this);
  }

 protected:
  virtual bool send_as(const Outgoing& frame) { return driver_->send(frame); }
  virtual void report_as(const Report& report) { driver_->report(report); }
  Actions& to() { return *driver_; }
  void enter(Actions& actions) { driver_ = &actions; }

 private:
  bool send(const Outgoing& frame) final { return send_as(frame); }
  void report(const Report& report) final { report_as(report); }

  Actions* driver_ = nullptr;
};

/// Reports the driver's calls, and the machines' frames and reports, to a watcher.
class WatchedMachines final : public Between {
 public:
  WatchedMachines(std::unique_ptr<Machines> machines, Watcher& watcher, Trace& trace)
      : Between(std::move(machines)), watcher_(watcher), trace_(trace) {}

  void put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now, Actions& actions) override;
  void erase(Id id, Instant now) override;
  void set_gateway(Id id, Ipv4 gateway, bool at_parent, Instant now) override;
  void carrier_up(Instant now) override;
  void on_claim(Id id, Claim claim, Instant now, Actions& actions) override;
  void on_answer(Id id, Mac mac, Instant at, Actions& actions) override;
  Instant tick(Instant now, Actions& actions) override;

 private:
  bool send_as(const Outgoing& frame) override;
  void report_as(const Report& report) override;

  Watcher& watcher_;
  Trace& trace_;
  Instant now_ = kNoTime;  // time of the current call
};

/// Replaces the real machines by others, which may wrap them.
using MakeMachine = std::function<std::unique_ptr<Machines>(std::unique_ptr<Machines>)>;

}  // namespace arpline::sim
