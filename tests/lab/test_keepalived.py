# SPDX-License-Identifier: Apache-2.0
"""keepalived's virtual address on a macvlan of the host itself: no container, so arpline leaves it alone."""
from types import SimpleNamespace

import pytest
from common import confirm, endpoint, wait_state, wait_until, who_has
from containers import available, served
from lab.runtimes import Keepalived

VIRTUAL = SimpleNamespace(address="10.77.0.50", vlan=0)


def clustered(lab, hosts):
    """Hosts with an address and one container each, and a peer, on one switch. Returns the peer and the hosts."""
    switch, peer = lab.switch(ageing_seconds=300), lab.peer()
    lab.connect(peer, switch)
    made = []
    for number in range(1, hosts + 1):
        host = lab.host(f"host{number}", first_address=f"10.77.{number}.1/16")
        lab.connect(host, switch)
        host.address(f"10.77.0.{number + 1}/16")
        host.add_child(mac=f"02:a7:00:00:0{number}:01")
        made.append(host)
    return peer, made


def reachable(peer):
    peer.forget()
    wait_until(lambda: peer.ping(VIRTUAL.address, 1).answered == 1, 10, "the virtual address answers")
    assert peer.ping(VIRTUAL.address, 5).answered == 5


def test_virtual_address_is_left_to_its_kernel(lab):
    peer, (host,) = clustered(lab, 1)
    keepalived = available(Keepalived, host)
    wait_until(keepalived.is_master, 15, lambda: f"it is master: {keepalived.log}")
    reachable(peer)
    host.start_arplined()
    wire = peer.wire()
    confirm(wire, host, host.children[0])
    wait_state(host, VIRTUAL, "not_served", 10, "host")
    for _ in range(5):
        answers = wire.replies(who_has(VIRTUAL), 0.3, 0)
        assert [one.sha for one in answers] == [keepalived.mac], "its kernel answers, once"
    entry = endpoint(host, VIRTUAL)
    assert entry["ringed"] == 0 and entry["state"] == "not_served", entry
    reachable(peer)
    served(wire, host, host.children[0])
    keepalived.close()
    wait_state(host, VIRTUAL, None, 10)
    served(wire, host, host.children[0])


@pytest.mark.timeout(90)
def test_failover_works_while_containers_on_the_same_parents_are_served(lab):
    peer, hosts = clustered(lab, 2)
    both = [available(Keepalived, host, VIRTUAL.address, priority) for host, priority in zip(hosts, (150, 100))]
    for host in hosts:
        host.start_arplined()
    wire = peer.wire()
    confirm(wire, hosts[0], *hosts[0].children)
    confirm(wire, hosts[1], *hosts[1].children)
    for leaves, takes_over in ((None, both[0]), (both[0], both[1])):
        if leaves:
            leaves.close()
        wait_until(takes_over.is_master, 15, lambda one=takes_over: f"it is master: {one.log}")
        reachable(peer)
        wait_state(takes_over.host, VIRTUAL, "not_served", 10, "host")
        for host in hosts:
            served(wire, host, host.children[0])
            assert peer.ping(host.children[0].address).answered == 3
