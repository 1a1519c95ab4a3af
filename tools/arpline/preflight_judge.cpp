// SPDX-License-Identifier: Apache-2.0
#include "arpline/preflight_judge.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "arpline/attached.hpp"
#include "kernel/programs.hpp"

namespace arpline {
namespace {

// A 4 KiB page less XDP's headroom (256), the skb's tail (320) and a tagged Ethernet header: the MTU above
// which drivers need a program that takes fragments.
constexpr std::uint32_t kLargestLinearMtu = 3498;

std::string list_of(const std::vector<ForeignText>& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + visible(name);
  return list;
}

Command preflight_command(const ForeignText& interface) {
  if (interface.raw().starts_with('-')) return Command{"arpline preflight -- {}", interface};
  return Command{"arpline preflight {}", interface};
}

// A TOML key; TOML can't hold a name that is not UTF-8.
std::string toml_key(const ForeignText& name) {
  const auto is_bare = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
  if (!name.empty() && std::ranges::all_of(name.raw(), is_bare)) return name.raw();
  std::string key;
  for (const char c : name.raw()) key += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return '"' + printable(key) + '"';
}

bool is_macvlan(const LinkInfo& link) {
  return link.kind == "macvlan" || link.kind == "macvtap";
}

void add(Findings& out, const char* id, Severity severity, std::string evidence, std::string advice = "") {
  out.push_back({.id = id,
                 .severity = severity,
                 .certainty = Certainty::certain,
                 .evidence = std::move(evidence),
                 .advice = std::move(advice)});
}

void add(Findings& out, const char* id, Severity severity, std::string evidence, Command command) {
  add(out, id, severity, std::move(evidence));
  out.back().command = std::move(command);
}

// A critical finding of preflight keeps arplined from serving the parent.
const char* level_name(Severity severity) {
  return severity == Severity::critical ? "blocker" : severity_name(severity);
}

void judge_privileges(const PreflightFacts& facts, Findings& out) {
  const auto& missing = facts.missing_caps;
  if (missing.empty()) return add(out, "privileges", Severity::ok, "all capabilities that arplined needs");
  std::string names;
  std::string reasons;
  for (const auto& one : missing) {
    const auto name = capability_name(one);
    names += (names.empty() ? "" : ", ") + name;
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", name, one.why);
  }
  const bool starts = std::ranges::all_of(missing, &NeededCapability::starts_without);
  add(out, "privileges", starts ? Severity::warning : Severity::critical, "missing " + names,
      fmt::format("run as root, or give the service these capabilities ({})", reasons));
}

void judge_xdp_kernel(const KernelFacts& kernel, Findings& out) {
  if (kernel.xdp_frags_error == 0)
    add(out, "xdp_frags", Severity::ok, "XDP programs with fragments load");
  else
    add(out, "xdp_frags", Severity::critical,
        fmt::format("loading an XDP program with fragments: {}", std::strerror(kernel.xdp_frags_error)),
        "Linux 5.18 or later, and CAP_BPF with CAP_NET_ADMIN");
  if (kernel.af_xdp_error == 0 && kernel.xsk_map)
    add(out, "af_xdp", Severity::ok, "AF_XDP sockets can be made");
  else
    add(out, "af_xdp", Severity::critical,
        kernel.af_xdp_error != 0 ? fmt::format("socket(AF_XDP): {}", std::strerror(kernel.af_xdp_error))
                                 : "maps of the type XSKMAP cannot be made",
        "a kernel with CONFIG_XDP_SOCKETS, and CAP_NET_RAW");
}

void judge_kernel(const KernelFacts& kernel, Findings& out) {
  judge_xdp_kernel(kernel, out);
  if (kernel.ring_buffer)
    add(out, "ring_buffer", Severity::ok, "BPF ring buffers can be made");
  else
    add(out, "ring_buffer", Severity::critical, "BPF ring buffers cannot be made",
        "Linux 5.8 or later, and CAP_BPF");
  if (kernel.bpffs)
    add(out, "bpffs", Severity::ok, "mounted at /sys/fs/bpf");
  else
    add(out, "bpffs", Severity::critical, "no bpffs at /sys/fs/bpf", "mount -t bpf bpf /sys/fs/bpf");
  if (kernel.btf)
    add(out, "btf", Severity::ok, "/sys/kernel/btf/vmlinux");
  else
    add(out, "btf", Severity::note, "no /sys/kernel/btf/vmlinux: bpftool shows less of the kernel",
        "a kernel with CONFIG_DEBUG_INFO_BTF");
}

void judge_macvlan_itself(const PreflightFacts& facts, Findings& out) {
  const auto name = visible(facts.link->name);
  if (facts.lower.empty())
    add(out, "device", Severity::critical,
        fmt::format("{} is itself a {}; its parent is in another network namespace", name, facts.link->kind),
        "run arpline in the parent's network namespace, on the parent");
  else
    add(out, "device", Severity::critical,
        fmt::format("{} is itself a {}; its parent is {}", name, facts.link->kind, visible(facts.lower)),
        preflight_command(facts.lower));
}

// Returns false when no other finding about the interface makes sense.
bool judge_device(const PreflightFacts& facts, Findings& out) {
  if (!facts.link) {
    add(out, "device", Severity::critical,
        fmt::format("there is no interface {} here", visible(facts.interface)),
        facts.devices.empty() ? "" : fmt::format("there are: {}", list_of(facts.devices)));
    return false;
  }
  const LinkInfo& link = *facts.link;
  if (link.loopback) {
    add(out, "device", Severity::critical, fmt::format("{} is the loopback interface", visible(link.name)),
        "name the interface that the containers' macvlan interfaces stand on");
    return false;
  }
  if (is_macvlan(link)) {
    judge_macvlan_itself(facts, out);
    return false;
  }
  add(out, "device", Severity::ok,
      fmt::format("{}: ifindex {}, {}, MTU {}, {} rx queue{}", visible(link.name), link.ifindex,
                  link.driver.empty() ? std::string{"no driver name"} : "driver " + link.driver, link.mtu,
                  link.rx_queues, link.rx_queues == 1 ? "" : "s"));
  return true;
}

void judge_state(const LinkInfo& link, Findings& out) {
  if (!link.up)
    add(out, "link", Severity::warning, "the interface is down", Command("ip link set dev {} up", link.name));
  else if (!link.running)
    add(out, "link", Severity::warning, "the interface has no carrier",
        "check the cable and the switch's port");
  else
    add(out, "link", Severity::ok, "up, with carrier");
}

void judge_kind(const LinkInfo& link, Findings& out) {
  if (link.kind != "bond" && link.kind != "team" && link.kind != "bridge") return;
  add(out, "kind", Severity::note,
      fmt::format("{} is a {}: no AF_XDP ring there, only unicast delivery to the containers and announcements",
                  visible(link.name), link.kind));
}

std::string generic_remedy(const LinkInfo& link) {
  return fmt::format("[parent.{}] generic_xdp = true", toml_key(link.name));
}

void judge_native_xdp(const PreflightFacts& facts, Findings& out) {
  const LinkInfo& link = *facts.link;
  constexpr std::uint64_t kNeeded = xdp_feature::basic | xdp_feature::redirect;
  const bool bridge = link.kind == "bridge";
  if (!bridge && !link.xdp_features) {
    add(out, "native_xdp", Severity::note, "this kernel does not tell whether the driver has native XDP");
    return;
  }
  if (!bridge && (*link.xdp_features & kNeeded) == kNeeded) {
    add(out, "native_xdp", Severity::ok, "the driver has native XDP with redirect");
    return;
  }
  const std::string evidence =
      bridge ? "a bridge has no native XDP"
             : fmt::format("the driver lacks native XDP with redirect (features {:#x})", *link.xdp_features);
  if (facts.generic_xdp)
    add(out, "native_xdp", Severity::note, evidence + "; generic XDP is asked for");
  else
    add(out, "native_xdp", Severity::critical, evidence, generic_remedy(link));
}

void judge_mtu(const LinkInfo& link, Findings& out) {
  const bool large = link.mtu > kLargestLinearMtu;
  if (large && link.xdp_features && (*link.xdp_features & xdp_feature::rx_sg) == 0)
    add(out, "mtu", Severity::note,
        fmt::format("MTU {} and a driver without fragments in native XDP: attaching may be refused", link.mtu),
        fmt::format("if so: {}, or {}",
                    Command("ip link set dev {} mtu {}", link.name, kLargestLinearMtu).text(),
                    generic_remedy(link)));
  else
    add(out, "mtu", Severity::ok,
        fmt::format("MTU {}{}", link.mtu, large ? ": arpline's program takes fragments" : ""));
}

void judge_attached(const PreflightFacts& facts, Findings& out) {
  const LinkInfo& link = *facts.link;
  if (link.xdp_mode == XdpMode::none && link.xdp_prog_id == 0) {
    add(out, "xdp_program", Severity::ok, "none attached");
    return;
  }
  const std::string which =
      fmt::format("{} (id {})", facts.xdp_program.empty() ? "unnamed" : facts.xdp_program, link.xdp_prog_id);
  if (facts.xdp_is_hidden) {
    add(out, "xdp_program", Severity::warning,
        fmt::format("a program (id {}) is attached; whose it is, arpline's own or a foreign one, is "
                    "root's to know",
                    link.xdp_prog_id),
        "run preflight as root");
    return;
  }
  if (facts.xdp_is_ours)
    add(out, "xdp_program", Severity::note, which + " is arpline's own",
        "if no arplined runs: " + detach_command(link.name).text());
  else
    add(out, "xdp_program", Severity::critical,
        which + " is attached; arpline never replaces a foreign program",
        fmt::format("stop its owner; if nobody needs it any more: {}; where that is "
                    "refused a BPF link holds it: see bpftool link show",
                    Command("ip link set dev {} xdp off", link.name).text()));
}

void judge_egress(const PreflightFacts& facts, Findings& out) {
  if (!takes_egress_filters(facts.ingress_qdisc))
    return add(out, "egress", Severity::critical,
               fmt::format("its qdisc {} has no place for a filter of what leaves", facts.ingress_qdisc),
               clsact_command(facts.link->name));
  std::vector<std::string> in_front;
  for (const std::string& name : facts.tcx) in_front.push_back(fmt::format("tcx program {}", name));
  for (const TcFilter& filter : filters_before_ours(facts.egress)) in_front.push_back(filter_text(filter));
  if (in_front.empty())
    add(out, "egress", Severity::ok, "no other tc egress filter in front");
  else
    add(out, "egress", Severity::warning,
        fmt::format(
            "in front of arpline's egress filter: {}; what it lets pass with TC_ACT_OK is not seen, and "
            "nothing is confirmed",
            fmt::join(in_front, ", ")),
        "let it return TC_ACT_UNSPEC, or move it behind (a higher pref, clsact instead of tcx)");
}

void judge_vlan_offload(const PreflightFacts& facts, Findings& out) {
  const LinkInfo& link = *facts.link;
  const bool vlans = facts.vlan_uppers || facts.trunk;
  if (!link.rx_vlan_offload.has_value() || !*link.rx_vlan_offload) {
    add(out, "rx_vlan_offload", Severity::ok, link.rx_vlan_offload ? "off" : "the driver has none");
    return;
  }
  if (!vlans) {
    add(out, "rx_vlan_offload", Severity::note,
        "on; no VLANs in play; arplined notices when tagged frames arrive",
        "only if tagged traffic arrives (trunk = true): " +
            Command("ethtool -K {} rxvlan off", link.name).text());
    return;
  }
  add(out, "rx_vlan_offload", Severity::warning,
      fmt::format("on, with {}: a tag that the NIC stripped is invisible to XDP",
                  facts.vlan_uppers ? "VLAN interfaces on it" : "trunk = true"),
      Command("ethtool -K {} rxvlan off", link.name));
}

// veth devices have the offload on by default.
void judge_stag_offload(const PreflightFacts& facts, Findings& out) {
  const LinkInfo& link = *facts.link;
  if (!link.rx_stag_offload.value_or(false)) {
    add(out, "rx_stag_offload", Severity::ok, link.rx_stag_offload ? "off" : "the driver has none");
    return;
  }
  add(out, "rx_stag_offload", facts.trunk ? Severity::warning : Severity::note,
      "rx-vlan-stag-hw-parse is on: an 802.1ad tag that the NIC stripped is invisible to XDP",
      "where 802.1ad frames arrive: " + Command("ethtool -K {} rx-vlan-stag-hw-parse off", link.name).text());
}

void judge_manager(const PreflightFacts& facts, Findings& out) {
  const auto name = visible(facts.link->name);
  switch (facts.manager) {
    case Manager::none:
      if (facts.manager_unknown) {
        add(out, "manager", Severity::note, "what manages it cannot be told: a file system does not answer");
        break;
      }
      add(out, "manager", Severity::ok, "neither NetworkManager nor systemd-networkd manages it");
      break;
    case Manager::network_manager:
      add(out, "manager", Severity::warning,
          fmt::format("NetworkManager manages {}: with its profile the link and all containers go down", name),
          fmt::format("if nothing else needs the profile: {}, and for good "
                      "unmanaged-devices=interface-name:{} under [keyfile] in "
                      "/etc/NetworkManager/conf.d/arpline.conf",
                      Command("nmcli device set ifname {} managed no", facts.link->name).text(), name));
      break;
    case Manager::systemd_networkd: {
      const std::string where = facts.network_file.empty() ? "its .network file" : visible(facts.network_file);
      add(out, "manager", Severity::warning,
          fmt::format("systemd-networkd manages {} ({}): it may take the configuration away when it stops",
                      name, where),
          fmt::format("KeepConfiguration=yes under [Network] in {}, or Unmanaged=yes under [Link]", where));
      break;
    }
  }
}

void judge_children(const PreflightFacts& facts, Findings& out) {
  if (facts.unseen)
    add(out, "children", Severity::note, "cannot be counted: " + *facts.unseen);
  else if (facts.children == 0)
    add(out, "children", Severity::note,
        "no macvlan or macvtap interface stands on it in any reachable network namespace",
        "none is needed now: arplined finds them when they come");
  else
    add(out, "children", Severity::ok, fmt::format("{} macvlan or macvtap interfaces", facts.children));
}

}  // namespace

Findings judge(const PreflightFacts& facts) {
  Findings out;
  judge_privileges(facts, out);
  judge_kernel(facts.kernel, out);
  if (!judge_device(facts, out)) return out;
  judge_state(*facts.link, out);
  judge_kind(*facts.link, out);
  judge_native_xdp(facts, out);
  judge_mtu(*facts.link, out);
  judge_attached(facts, out);
  judge_egress(facts, out);
  judge_vlan_offload(facts, out);
  judge_stag_offload(facts, out);
  judge_manager(facts, out);
  judge_children(facts, out);
  return out;
}

std::string findings_as_text(const ForeignText& interface, const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += fmt::format("{:<8} {:<16} {}\n", level_name(finding.severity), finding.id, finding.evidence);
    if (!remedy_of(finding).empty()) text += fmt::format("{:<25} -> {}\n", "", remedy_of(finding));
  }
  const auto count = [&](Severity level) { return std::ranges::count(findings, level, &Finding::severity); };
  text += fmt::format("{}: {} blocker(s), {} warning(s), {} note(s)\n", visible(interface),
                      count(Severity::critical), count(Severity::warning), count(Severity::note));
  return printable(text);
}

std::string findings_as_json(const ForeignText& interface, const Findings& findings) {
  nlohmann::ordered_json root;
  root["interface"] = visible(interface);
  root["ready"] = preflight_exit_code(findings) == 0;
  root["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : findings)
    root["findings"].push_back({{"name", finding.id},
                                {"level", level_name(finding.severity)},
                                {"evidence", finding.evidence},
                                {"remedy", remedy_of(finding)}});
  return root.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

int preflight_exit_code(const Findings& findings) {
  return std::ranges::find(findings, Severity::critical, &Finding::severity) == findings.end() ? 0 : 1;
}

}  // namespace arpline
