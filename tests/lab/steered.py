# SPDX-License-Identifier: Apache-2.0
"""
A host whose NIC steers ARP to a DPDK device and all other frames to the kernel, as hardware would. tc does it in a
namespace between the wire and the host's two interfaces.
"""
from common import wait_known


def redirect(ns, device, to, protocol="all"):
    ns.run("tc", "filter", "add", "dev", device, "ingress", "pref", 1 if protocol == "arp" else 2, "protocol", protocol,
           "u32", "match", "u32", 0, 0, "action", "mirred", "egress", "redirect", "dev", to)


def steered(lab, children=1):
    """Returns (host, peer). The host has nic0 for the kernel and arpq, which only DPDK reads."""
    host, peer, asic = lab.host(), lab.peer(), lab.namespace("asic")
    lab.veth(peer.ns, peer.nic, asic, "wire")
    lab.veth(host.ns, host.nic, asic, "kernel")
    lab.veth(host.ns, "arpq", asic, "engine")
    host.ns.ip("link", "set", "arpq", "arp", "off")
    for port in ("wire", "kernel", "engine"):
        asic.run("tc", "qdisc", "add", "dev", port, "clsact")
    redirect(asic, "wire", "engine", "arp")
    redirect(asic, "wire", "kernel")
    redirect(asic, "kernel", "wire")
    redirect(asic, "engine", "wire")
    peer.address("10.77.0.1/16")
    host.address("10.77.0.2/16")
    host.add_children(children)
    return host, peer


CONFIG = {"port": "ethdev", "device": "net_af_packet0,iface=arpq", "steering": "external"}


def serve_steered(lab, children=1, config=None):
    """Serves the host by an engine without an XDP program. Returns (host, peer, daemon, the peer's wire)."""
    host, peer = steered(lab, children)
    daemon = host.start_arplined({**(config or {}), "parent": {host.nic: CONFIG}})
    wait_known(host, *host.children)
    return host, peer, daemon, peer.wire()
