# SPDX-License-Identifier: Apache-2.0
"""
A device with rte_flow rules: DPDK's net_tap, which implements them by tc's flower, on the port of a bridge. Frames
without a rule go on to the bridge, which is the parent, as on a NIC that shares its port with the kernel. Also huge
pages, which change a machine so much that only a virtual one gets them.
"""
import re
from pathlib import Path

import pytest
from common import residue, run, wait_known, wait_until, who_has
from test_front import verdict_grows

pytestmark = pytest.mark.needs("flower")
CONFIG = {"port": "ethdev", "device": "net_tap0,iface=dtap0,remote=phy0"}


def bridged(lab, children=1):
    """Returns (host, peer)."""
    host, peer = lab.host(), lab.peer()
    lab.veth(host.ns, "phy0", peer.ns, peer.nic)
    peer.address(peer.planned_address)
    host.ns.ip("link", "add", host.nic, "type", "bridge")
    host.ns.ip("link", "set", "phy0", "master", host.nic)
    host.ns.ip("link", "set", host.nic, "up")
    host.address("10.77.0.2/16")
    host.add_children(children)
    run("modprobe", "tun")  # DPDK opens /dev/net/tun, which a freshly booted machine does not have
    return host, peer


def free_huge_pages() -> int:
    text = Path("/proc/meminfo").read_text(encoding="ascii")
    return int(re.search(r"^HugePages_Free:\s+(\d+)", text, re.MULTILINE)[1])


def serve_by_flow(lab):
    host, peer = bridged(lab)
    daemon = host.start_arplined({"parent": {host.nic: CONFIG}})
    wait_known(host, *host.children)
    return host, peer, daemon, peer.wire()


def test_arp_goes_to_the_engine_and_everything_else_stays_where_it_was_until_it_stops(lab):
    host, peer, daemon, wire = serve_by_flow(lab)
    child = host.children[0]
    assert wire.replies(who_has(child), 2.0), f"the container's kernel answers: {daemon.log}"
    repeated = verdict_grows(host, "reflect")
    assert wire.replies(who_has(child), 2.0), "the engine answers"
    wait_until(repeated, 2, "the engine answers")
    assert peer.ping(child.address).answered == 3
    assert peer.ping("10.77.0.2").answered == 3
    assert child.ping("10.77.0.1").answered == 3
    assert "takes no rule for ARP in VLANs" in daemon.log, "what this driver can't do is told"
    assert daemon.stop() == 0
    assert residue(host) == []
    peer.forget()
    assert peer.ping(child.address).answered == 3, "the kernel has its ARP again"


def test_huge_pages_are_used_when_there_are_some(serve):
    Path("/proc/sys/vm/nr_hugepages").write_text("64", encoding="ascii")
    try:
        assert (before := free_huge_pages()) > 16, "the machine has no memory for them"
        host, _, daemon, wire = serve(config={"parent": {"nic0": {"port": "ethdev"}}})
        assert free_huge_pages() < before, daemon.log
        assert wire.replies(who_has(host.children[0]), 2.0)
        assert daemon.stop() == 0
    finally:
        Path("/proc/sys/vm/nr_hugepages").write_text("0", encoding="ascii")
