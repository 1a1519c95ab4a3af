# SPDX-License-Identifier: Apache-2.0
"""An address of the host stays the host's, even if a container configures it too."""
from common import confirm, endpoint, verdict, wait_state, wait_until, who_has
from containers import served

HOSTS = "10.77.9.9"


def test_container_with_an_address_of_the_host_is_neither_answered_for_nor_announced_and_reported(serve):
    host, _, daemon, wire = serve(children=1)
    confirm(wire, host, host.children[0])
    host.ns.ip("addr", "add", f"{HOSTS}/32", "dev", "lo")
    thief = host.add_child(f"{HOSTS}/16")
    wait_state(host, thief, "not_served", 5, "host_address")
    before = verdict(host, "not_served")
    assert host.mac in {one.sha for one in wire.replies(who_has(thief), 0.3, 0)}, "the host answers"
    assert verdict(host, "not_served") == before + 1
    assert endpoint(host, thief)["announced_seconds_ago"] is None
    host.ns.ip("addr", "del", f"{HOSTS}/32", "dev", "lo")
    served(wire, host, thief)


def test_address_that_the_host_gets_is_no_longer_answered_for_a_container_that_had_it(serve):
    host, _, _, wire = serve(children=2)
    child, other = host.children
    confirm(wire, host, child, other)
    host.ns.ip("link", "add", "br9", "type", "bridge")
    host.ns.ip("addr", "add", f"{child.address}/32", "dev", "br9")
    wait_state(host, child, "not_served", 5, "host_address")
    assert endpoint(host, other)["state"] == "confirmed", "the other one is not touched"
    host.ns.ip("link", "del", "br9")
    served(wire, host, child)


def test_with_arp_ignore_1_on_the_parent_only_its_own_addresses_are_the_hosts(serve):
    host, peer, daemon, wire = serve(children=0)
    daemon.stop()
    host.ns.run("sysctl", "-q", "-w", f"net.ipv4.conf.{host.nic}.arp_ignore=1")
    host.ns.ip("addr", "add", f"{HOSTS}/32", "dev", "lo")
    host.start_arplined()
    child = host.add_child(f"{HOSTS}/16")
    served(wire, host, child)
    host.ns.ip("addr", "add", f"{HOSTS}/16", "dev", host.nic)
    wait_until(lambda: endpoint(host, child)["reason"] == "host_address", 5, "the parent has it now")
