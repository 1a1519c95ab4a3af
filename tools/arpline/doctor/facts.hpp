// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arpline/manager.hpp"
#include "base/command.hpp"
#include "base/foreign_text.hpp"
#include "base/net.hpp"
#include "endpoints/model.hpp"
#include "kernel/link.hpp"
#include "kernel/neighbours.hpp"
#include "kernel/netns.hpp"
#include "kernel/routes.hpp"
#include "kernel/tc.hpp"
#include "report/answers.hpp"
#include "report/status.hpp"

namespace arpline::doctor {

/// An interface of a network namespace.
struct Device {
  int ifindex = 0;
  ForeignText name;
  std::string kind;  ///< IFLA_INFO_KIND; empty for hardware and lo
  Mac mac = 0;
  bool up = false;       ///< IFF_UP
  bool running = false;  ///< IFF_RUNNING: up and with carrier
  bool noarp = false;    ///< IFF_NOARP
  bool loopback = false;
  bool proxy_arp = false;      ///< the device's own value
  int arp_ignore = 0;          ///< likewise; in force is the larger of it and conf/all
  int rp_filter = 0;           ///< likewise
  int lower = 0;               ///< ifindex of the interface below
  bool lower_in_host = false;  ///< that one is in doctor's own namespace
  std::uint16_t vlan_id = 0;   ///< of a VLAN interface
  MacvlanMode mode = MacvlanMode::bridge;
  std::uint32_t broadcast_queue = 0;  ///< of a macvlan: the length in use on its parent, in frames
  std::vector<InterfaceAddress> addresses;
  ManagedBy managed;

  bool macvlan() const { return kind == "macvlan" || kind == "macvtap"; }
};

/// A network namespace that could be looked into.
struct NetnsFacts {
  std::uint64_t inode = 0;
  ForeignText name;  ///< as netns_name() writes it
  Command enter;  ///< what stands in front of a command to run it there, with a blank behind; empty for the own
  ForeignText target;  ///< what `ip link set … netns` takes: a name, a process or a path; empty for the own
  bool own = false;
  NetnsArpSettings all;  ///< net.ipv4.conf.all
  std::vector<Device> devices;
  std::vector<Route> routes;
  std::vector<Neighbour> neighbours;
};

/// What the parent's macvlan broadcast queue dropped while doctor looked.
struct DropSample {
  double seconds = 0;
  std::uint64_t broadcast_queue = 0;  ///< frames
  std::uint64_t rx_dropped = 0;       ///< by how much the parent's counter grew, for whatever reason
};

enum class Daemon { absent, answers, silent };  ///< silent: it holds the parent's lock and does not answer

/// An interface of doctor's own namespace on which macvlan interfaces stand, or which arpline serves or pinned.
struct Parent {
  LinkInfo link;
  Daemon daemon = Daemon::absent;
  bool pinned = false;                     ///< readable maps of this ABI version are pinned
  bool attached = false;                   ///< arpline's XDP program is on it
  double lease_seconds = 0;                ///< until the lease ends; 0 or less: it has ended
  std::uint32_t owner_pid = 0;             ///< of who pinned the maps; 0: not known
  bool owner_in_service = false;           ///< that process is one of arplined.service
  bool observe = false;                    ///< it only looks on
  std::optional<AnnounceStatus> announce;  ///< none: no daemon that tells
  std::optional<double> daemon_seconds;    ///< since that process began; none: not known
  std::uint64_t answered_at_ns = 0;        ///< when the daemon's answer came, CLOCK_MONOTONIC
  bool hidden_tags = false;                ///< VLANs are in play and the NIC strips tags
  std::string egress;  ///< the daemon's self-test: "seen", "hidden", "missing", "unknown"; empty: no daemon
  std::vector<TcFilter> before_egress;  ///< clsact filters in front of arpline's
  std::vector<std::string> tcx;         ///< tcx programs: in front as well
  ManagedBy managed;
  std::vector<EndpointStatus> endpoints;  ///< as the daemon or the pinned maps know them
  std::vector<GoneStatus> gone;           ///< newest first
  std::uint64_t rx_dropped = 0;           ///< since the interface was made
  std::optional<DropSample> drops;
};

/// Everything that the findings judge by.
struct Facts {
  std::vector<NetnsFacts> namespaces;  ///< the own one first
  std::vector<Parent> parents;
  std::optional<NeighbourTable> neighbours;
  bool initial = true;              ///< the own namespace is the initial one, where global limits can be set
  bool service = false;             ///< systemd can start arplined for it
  std::string asked;                ///< ENDPOINT as given; empty: everything
  std::vector<std::string> unseen;  ///< what could not be looked at, and why: one line each

  const NetnsFacts& host() const { return namespaces.front(); }
};

/// A macvlan interface on one of the parents.
struct Child {
  const Parent* parent = nullptr;
  const NetnsFacts* netns = nullptr;
  const Device* device = nullptr;
  int lower = 0;           ///< the interface below in the host: the parent or a VLAN interface on it
  std::uint16_t vlan = 0;  ///< host order; 0: directly on the parent
};

/// Those in all namespaces, in their order; `containers`: without those in the host's own namespace. The
/// pointers live as long as the facts.
std::vector<Child> children_of(const Facts& facts);
std::vector<Child> containers_of(const Facts& facts);

/// The host's own netns and those with a child of one of the parents: where an endpoint can be.
std::vector<const NetnsFacts*> near_namespaces(const Facts& facts);

/// The entries that do not count against the neighbour table's limit, in one netns.
std::uint64_t exempt_neighbours(const NetnsFacts& netns);
/// Those that do, in the whole table; 0 where the kernel does not tell.
std::uint64_t counted_neighbours(const Facts& facts);

/// What is known of a child's address; nullptr: nothing.
const EndpointStatus* known(const Child& child, Ipv4 address);

}  // namespace arpline::doctor
