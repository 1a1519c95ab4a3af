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
  bool proxy_arp = false;      ///< net.ipv4.conf.INTERFACE.proxy_arp, without conf/all
  int arp_ignore = 0;          ///< of the interface; the kernel applies the larger of it and conf/all
  int rp_filter = 0;           ///< of the interface; the kernel applies the larger of it and conf/all
  int lower = 0;               ///< ifindex of the lower device; 0: none
  bool lower_in_host = false;  ///< the lower device is in doctor's own namespace
  std::uint16_t vlan_id = 0;   ///< of a VLAN interface
  MacvlanMode mode = MacvlanMode::bridge;
  std::uint32_t broadcast_queue = 0;  ///< of a macvlan: the length in force on its parent, in frames
  std::vector<InterfaceAddress> addresses;
  ManagedBy managed;

  bool macvlan() const { return kind == "macvlan" || kind == "macvtap"; }
};

/// A network namespace that doctor could enter, with its interfaces.
struct NetnsFacts {
  std::uint64_t inode = 0;
  ForeignText name;    ///< as netns_name() writes it
  Command enter;       ///< prefix that runs a command in the namespace, with a blank at the end; empty: own
  ForeignText target;  ///< argument for `ip link set … netns`: a name, a PID or a path; empty: own
  bool own = false;
  NetnsArpSettings all;  ///< net.ipv4.conf.all
  std::vector<Device> devices;
  std::vector<Route> routes;
  std::vector<Neighbour> neighbours;
};

/// The drops of a parent's macvlan broadcast queue during doctor's sample.
struct DropSample {
  double seconds = 0;
  std::uint64_t broadcast_queue = 0;  ///< frames
  std::uint64_t rx_dropped = 0;       ///< growth of the parent's counter, for any reason
};

enum class Daemon { absent, answers, silent };  ///< silent: holds the parent's lock, does not answer

/// An interface of doctor's own namespace on which macvlan interfaces stand, or which arpline serves or pinned.
struct Parent {
  LinkInfo link;
  Daemon daemon = Daemon::absent;
  bool pinned = false;                     ///< readable maps of this ABI version are pinned
  bool attached = false;                   ///< arpline's XDP program is on it
  double lease_seconds = 0;                ///< until the lease ends; 0 or less: it has ended
  std::uint32_t owner_pid = 0;             ///< PID that pinned the maps; 0: unknown
  bool owner_in_service = false;           ///< owner_pid belongs to arplined.service
  bool observe = false;                    ///< arpline runs in mode observe
  std::optional<AnnounceStatus> announce;  ///< nullopt: no daemon reports it
  std::optional<double> daemon_seconds;    ///< age of the daemon's process; nullopt: unknown
  Instant answered_at = kNoTime;           ///< time of the daemon's answer
  bool hidden_tags = false;                ///< VLANs are in use and the NIC strips their tags
  std::string egress;  ///< the daemon's self-test: "seen", "hidden", "missing", "unknown"; empty: no daemon
  std::vector<TcFilter> before_egress;  ///< clsact filters in front of arpline's
  std::vector<std::string> tcx;         ///< tcx programs, which also run before arpline's
  ManagedBy managed;
  std::vector<EndpointStatus> endpoints;  ///< from the daemon, or from the pinned maps
  std::vector<GoneStatus> gone;           ///< newest first
  std::uint64_t rx_dropped = 0;           ///< since the interface was created
  std::optional<DropSample> drops;
};

/// The input of all findings.
struct Facts {
  std::vector<NetnsFacts> namespaces;  ///< doctor's own namespace first
  std::vector<Parent> parents;
  std::optional<NeighbourTable> neighbours;
  bool initial = true;              ///< doctor runs in the initial namespace, where global limits can be set
  bool service = false;             ///< systemd has a unit that starts arplined
  std::string asked;                ///< ENDPOINT as given; empty: all
  std::vector<std::string> unseen;  ///< one line each: a thing that doctor could not examine, and why

  const NetnsFacts& host() const { return namespaces.front(); }
};

/// A macvlan interface on one of the parents.
struct Child {
  const Parent* parent = nullptr;
  const NetnsFacts* netns = nullptr;
  const Device* device = nullptr;
  int lower = 0;           ///< the lower device in the host: the parent or a VLAN interface on it
  std::uint16_t vlan = 0;  ///< host order; 0: directly on the parent
};

/// The children in all namespaces, in their order; containers_of() omits those in the host's own namespace. The
/// pointers live as long as the facts.
std::vector<Child> children_of(const Facts& facts);
std::vector<Child> containers_of(const Facts& facts);

/// The host's own namespace and those with a child of one of the parents, which can hold an endpoint's address.
std::vector<const NetnsFacts*> near_namespaces(const Facts& facts);

/// The entries of one namespace that do not count against the neighbour table's limit.
std::uint64_t exempt_neighbours(const NetnsFacts& netns);
/// The entries of the whole table that do count; 0 where the kernel does not say.
std::uint64_t counted_neighbours(const Facts& facts);

/// The status of a child's address; nullptr when arpline does not serve it.
const EndpointStatus* known(const Child& child, Ipv4 address);

}  // namespace arpline::doctor
