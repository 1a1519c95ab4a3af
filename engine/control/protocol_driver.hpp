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

  void set(const Config& config, const ParentConfig& own, std::uint64_t now);
  /// Tells whether tags are hidden from the programs. Then they don't recognise the answer to a tagged probe,
  /// so no gateway in a VLAN is probed.
  void hide_tags(bool hidden) noexcept { tags_hidden_ = hidden; }
  /// Changes the parent's name in the log.
  void rename(const ForeignText& parent) { parent_ = parent; }

  /// Takes in all endpoints of the table, at the start.
  void start(std::uint64_t now);
  void follow(const Table::Changes& changes, std::uint64_t now);
  void carrier_up(std::uint64_t now);
  void on_event(const arpl_event& event, std::uint64_t now);

  /// Does what is due; nothing is sent without a service. Returns when to call it again.
  std::uint64_t run(std::uint64_t now, Service* service);

  /// All endpoints together, and one of them, as the machines see them.
  Machines::Summary summary() const { return machines_->summary(); }
  Machines::View view(Id id, std::uint64_t now) const { return machines_->view(id, now); }
  void describe(Id id, EndpointStatus& endpoint, std::uint64_t now) const;
  void describe(ParentStatus& parent) const;
  /// The frames sent for the endpoints.
  SentCounters sent() const;
  /// The origin of a claimant's claims, as far as it is known by now.
  ClaimOrigin claim_origin_of(const Claims::Claimant& claimant, std::uint64_t now) const {
    return machines_->claim_origin_of(claimant.mac, claimant.origin, now);
  }
  /// True when announce.pps doesn't suffice for the refreshes.
  bool is_too_slow() const;

 private:
  struct Inside {
    int nsid = -1;
    std::uint64_t since = 0;
    InsideFrame frame;
  };

  bool send(const Outgoing& frame) override;
  void report(const Report& report) override;

  void add_or_update(const Table::Entry& entry, Arrival arrival, std::uint64_t now);
  void set_gateway(Id id, Ipv4 gateway, std::uint64_t now);
  bool order(const arpl_write& frame);
  /// True when the endpoint of an announcement still has that MAC and may be announced.
  bool speaks(const arpl_write& frame, std::uint64_t now) const;
  std::uint64_t send_inside(std::uint64_t now);
  bool at_parent(Ipv4 gateway, std::uint64_t now);
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
  std::uint64_t parent_addresses_at_ = 0;
  __u64 dispute_arrival_ = 0;  // token bucket of the lines about disputed gateways
};

}  // namespace arpline
