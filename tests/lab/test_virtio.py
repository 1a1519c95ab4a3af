# SPDX-License-Identifier: Apache-2.0
"""A network card's driver instead of a veth: virtio-net with two queues, native XDP and AF_XDP rings."""
import json

import pytest
from common import confirm, residue, run, verdict, wait_until, who_has
from lab import vm

pytestmark = pytest.mark.needs("nics")
REQUESTERS = 32


def card(mac):
    """The card's name; None while the namespace that had it is still being destroyed."""
    links = json.loads(run("ip", "-j", "link", "show").stdout)
    return next((link["ifname"] for link in links if link.get("address") == mac), None)


def cabled(lab):
    """A host and a peer, each with a network card of the machine. Returns (host, peer)."""
    host, peer = lab.host(), lab.peer()
    for node, mac in zip((host, peer), vm.NIC_MACS):
        name = wait_until(lambda wanted=mac: card(wanted), what=f"{mac} is there")
        run("ip", "link", "set", name, "netns", node.ns.name, "name", node.nic)
        node.ns.ip("link", "set", node.nic, "up")
    peer.ns.ip("link", "set", peer.nic, "promisc", "on")  # it plays requesters with other MACs
    peer.address(peer.planned_address)
    return host, peer


@pytest.mark.alone
def test_card_is_served_natively_on_every_queue(lab):
    host, peer = cabled(lab)
    child = host.add_child()
    done = host.arpline("preflight", host.nic)
    assert done.returncode == 0 and "virtio_net" in done.stdout, done.stdout + done.stderr
    host.start_arplined({"parent": {host.nic: {"fast_path": False}}})
    status = host.status()
    assert (status["queues"], status["warnings"]) == (vm.QUEUES, []), status
    link = host.ns.ip("link", "show", "dev", host.nic).stdout
    assert " xdp " in link and "xdpgeneric" not in link, link
    wire = peer.wire()
    confirm(wire, host, child)
    first = wire.replies(who_has(child), 1.0)
    assert [one.sha for one in first] == [child.mac]


def many_requesters(lab, way, fast_path):
    host, peer = cabled(lab)
    child = host.add_child()
    host.start_arplined({"parent": {host.nic: {"fast_path": fast_path}}})
    wire = peer.wire()
    confirm(wire, host, child)
    for warm in (False, True):
        before = verdict(host, way)
        for number in range(1, REQUESTERS + 1):
            found = wire.replies(who_has(child, f"02:b3:00:00:00:{number:02x}", f"10.77.5.{number}"), 1.0)
            assert [(one.sha, one.eth_dst) for one in found] == [(child.mac, f"02:b3:00:00:00:{number:02x}")]
        assert not warm or verdict(host, way) == before + REQUESTERS
    assert (host.status()["engine_verdicts"]["answered"] >= REQUESTERS) != fast_path
    peer.forget()
    assert peer.ping(child.address).answered == 3 and child.ping("10.77.0.1").answered == 3


@pytest.mark.alone
def test_many_requesters_are_answered_through_the_rings(lab):
    many_requesters(lab, "ring", fast_path=False)


@pytest.mark.alone
def test_many_requesters_are_answered_by_the_fast_path(lab):
    many_requesters(lab, "reflect", fast_path=True)


@pytest.mark.alone
def test_child_of_a_vlan_interface_on_a_card_is_answered_with_its_tag(lab):
    host, peer = cabled(lab)
    host.add_vlan(100)
    child = host.add_child(vlan=100)
    daemon = host.start_arplined()
    wire = peer.wire()
    confirm(wire, host, child)
    reflected = verdict(host, "reflect")
    found = wire.replies(who_has(child), 1.0)
    assert [(one.sha, one.tags) for one in found] == [(child.mac, ((0x8100, 100),))]
    assert verdict(host, "reflect") == reflected + 1
    assert daemon.stop() == 0 and not residue(host)
    assert wire.replies(who_has(child), 1.0), "without arpline its kernel answers"
