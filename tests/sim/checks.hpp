// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "sim/announcing.hpp"
#include "sim/conflicts.hpp"
#include "sim/property.hpp"
#include "sim/watcher.hpp"

namespace arpline::sim {

/// Checks all inputs and outputs of the host's machines against the properties.
class Checks final : public Watcher {
 public:
  struct Truth {
    std::function<const arpl_slot&(Id)> slot;
    /// Whether a container with this MAC and address exists, or did until a moment ago.
    std::function<bool(Mac mac, Ipv4 address, std::uint16_t vlan)> lives;
    std::function<std::size_t()> remembered;
  };

  Checks(Findings& findings, std::size_t endpoints) : findings_(findings), endpoints_(endpoints) {}
  void set_truth(Truth truth) { truth_ = std::move(truth); }

  void on_put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now) override;
  void on_erase(Id id, Instant now) override;
  void on_gateway(Id id, Ipv4 gateway) override;
  void on_carrier_up(Instant now) override;
  void on_settings(const Protocol::Settings& settings, Instant now) override;
  void on_claim(Id id, const Claim& claim, Instant now) override;
  void on_gateway_answers(Mac mac) override { conflicts_.know_gateway(mac); }
  void on_send(const Outgoing& frame, Instant now) override;
  void on_report(const Report& report, Instant now) override;
  void on_answered(Id id, const Packet& answer, Instant now) override;
  void on_tick(Instant now) override;
  void on_refusing(bool refuses, Instant now) override;
  void on_absence(Instant now) override;

  /// The number of reports of this kind, about one endpoint or about all.
  std::uint64_t told(Id id, ReportKind told) const;
  std::uint64_t told(ReportKind told) const;
  /// The time of the last report, in the host's clock; kNoTime: none.
  Instant told_at(Id id, ReportKind told) const;

 private:
  struct Known {
    AnnouncedEndpoint subject;
    Ipv4 gateway = 0;
    bool unanswered = false;
  };
  struct Bucket {
    Instant arrival = kNoTime;
  };

  bool may_be_announced(Id id, Instant now) const;
  void update_allowed(Id id, Instant now);
  void check_pace(Property property, Bucket& bucket, std::uint64_t frames, Instant now);
  void check_form(const Outgoing& frame, const Known& known);
  void check_silence(const Outgoing& frame, const Known& known, Instant now);
  void check_path(const Report& report);

  Findings& findings_;
  std::size_t endpoints_;
  Truth truth_;
  Protocol::Settings settings_;
  Announcing announcing_{findings_};
  Conflicts conflicts_{findings_};
  std::map<Id, Known> known_;
  Bucket paced_;
  Bucket asking_;
  std::map<Id, ReportKind> path_told_;
  std::map<std::pair<Id, ReportKind>, std::pair<std::uint64_t, Instant>> told_;  // count, last time
};

}  // namespace arpline::sim
