// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "control/driver_host.hpp"
#include "control/endpoint_registry.hpp"
#include "control/gateways.hpp"
#include "kernel/maps.hpp"
#include "protocol/protocol.hpp"
#include "report/status.hpp"
#include "worker/service.hpp"

namespace arpline {

/// Keeps the ARP entries that others have for a parent's endpoints right: passes events to the protocol
/// machines, their frames to the worker and into the containers, and their reports to the log. All calls from
/// the control thread.
class ProtocolDriver final : private Actions {
 public:
  static constexpr std::size_t kMostInside =
      65536;  ///< frames that wait to be sent through containers' interfaces

  /// `maps` and `registry` outlive it.
  ProtocolDriver(const Config& config, const ParentConfig& own, const Maps& maps,
                 const EndpointRegistry& registry, OpenNetns open);
  /// Works on another host than the kernel's; `machines` have these settings already.
  ProtocolDriver(const Config& config, const ParentConfig& own, std::unique_ptr<Machines> machines,
                 const EndpointRegistry& registry, std::unique_ptr<DriverHost> host);

  void set(const Config& config, const ParentConfig& own, Instant now);
  /// Tells whether tags are hidden from the programs. Then they don't recognise the answer to a tagged probe,
  /// so no gateway in a VLAN is probed.
  void hide_tags(bool hidden) noexcept { tags_hidden_ = hidden; }
  /// Changes the parent's name in the log.
  void rename(const ForeignText& parent) { parent_ = parent; }

  /// Takes in all endpoints of the table, at the start.
  void start(Instant now);
  void follow(const Table::Changes& changes, Instant now);
  void carrier_up(Instant now);
  void on_event(const arpl_event& event, Instant now);

  /// Does what is due; nothing is sent without a service. Returns when to call it again.
  Instant run(Instant now, Service* service);

  /// All endpoints together, and one of them, as the machines see them.
  Machines::Summary summary() const { return machines_->summary(); }
  Machines::View view(Id id, Instant now) const { return machines_->view(id, now); }
  void describe(Id id, EndpointStatus& endpoint, Instant now) const;
  void describe(ParentStatus& parent) const;
  /// The frames sent for the endpoints.
  SentCounters sent() const;
  /// The origin of a claimant's claims, as far as it is known by now.
  ClaimOrigin claim_origin_of(const Claims::Claimant& claimant, Instant now) const {
    return machines_->claim_origin_of(claimant.mac, claimant.origin, now);
  }
  /// True when announce.pps doesn't suffice for the refreshes.
  bool is_too_slow() const;

 private:
  struct Inside {
    int nsid = -1;
    Instant since = kNoTime;
    InsideFrame frame;
  };

  bool send(const Outgoing& frame) override;
  void report(const Report& report) override;

  void add_or_update(const Table::Entry& entry, Arrival arrival, Instant now);
  void set_gateway(Id id, Ipv4 gateway, Instant now);
  bool order(const arpl_write& frame);
  /// True when the endpoint of an announcement still has that MAC and may be announced.
  bool speaks(const arpl_write& frame, Instant now) const;
  Instant send_inside(Instant now);
  bool at_parent(Ipv4 gateway, Instant now);
  std::optional<Id> id_of(const arpl_event& event) const;
  std::string gateway_text(Id id) const;

  ForeignText parent_;
  const EndpointRegistry& registry_;
  std::unique_ptr<DriverHost> host_;
  std::unique_ptr<Machines> machines_;
  Gateways gateways_;
  AnnounceStatus announce_;
  Service* service_ = nullptr;
  bool ordered_ = false;
  bool tags_hidden_ = false;
  std::deque<Inside> inside_;
  std::vector<Ipv4> parent_addresses_;  // the parent's addresses
  Instant parent_addresses_at_ = kNoTime;
  TokenBucket dispute_lines_;  // log lines about disputed gateways
};

}  // namespace arpline
