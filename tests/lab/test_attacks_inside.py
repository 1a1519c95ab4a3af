# SPDX-License-Identifier: Apache-2.0
"""
Root in a container (NET_ADMIN, NET_RAW) takes its siblings', the host's or the gateway's address or MAC, or sends
hostile frames. Only the container itself may lose answers by that (docs/threats.md).
"""
import json
import subprocess
import time

import pytest
from attacks import GOOD, STRANGERS, Storm, asking, costs_nothing, forged, states, storm
from common import endpoint, frames, run, wait_until, who_has
from test_egress import DROP, send_what_may_be_dropped, wire_of

HOST = "10.77.0.2"
OUTSIDE_MAC = "02:fe:00:00:00:01"
TIMES = 20


def each_by_its_own(had: Storm, siblings) -> None:
    wrong = {one.address: had.macs[one.address] for one in siblings if had.macs[one.address] != one.mac}
    assert not wrong, f"answered by somebody else: {wrong}"


@pytest.mark.alone
def test_container_that_takes_its_siblings_addresses_costs_them_no_answer(attacked):
    """At first it only announces them, then it configures one, then all of them."""
    host, peer, _ = attacked(children=64)
    *siblings, attacker = host.children
    good, flood = asking(host, 0, -2), forged(host, STRANGERS)

    def storms():
        return storm(host, peer, flood, good=good, seconds=0.5)
    without = storms()
    wire = wire_of(attacker)
    for one in siblings:
        wire.send(frames.arp(eth_src=attacker.mac, spa=one.address, tpa=one.address))
    each_by_its_own(costs_nothing(without, storms), siblings)
    for taken in (siblings[:1], siblings[1:]):
        attacker.ns.ip_batch(f"addr add {one.address}/16 dev {attacker.interface}" for one in taken)
        each_by_its_own(costs_nothing(without, storms), siblings)


@pytest.mark.alone
def test_container_that_goes_leaves_its_address_to_the_sibling_that_took_it(attacked):
    """An endpoint whose address has no other owner left is answered for."""
    host, peer, _ = attacked(children=4)
    first, second = host.children[0], host.children[1]
    second.add_address(f"{first.address}/16")
    first.delete()
    wait_until(lambda: any(one["address"] == first.address and one["mac"] == second.mac and
                           one["state"] != "not_served" for one in host.status()["endpoints"]), 5,
               lambda: f"{first.address} is {second.mac}'s: {states(host)}")
    answered = peer.wire().replies(who_has(first, peer.mac, GOOD), 1.0)
    assert [one.sha for one in answered] == [second.mac]


@pytest.mark.alone
def test_container_that_takes_a_peers_mac_costs_that_peer_no_answer(attacked):
    """The peer, for example a gateway, sends from the wire and had the MAC before."""
    host, peer, _ = attacked()
    attacker = host.children[-1]
    good, flood = asking(host, 0, -2), forged(host, STRANGERS)
    without = storm(host, peer, flood, good=good, seconds=0.5)
    attacker.link("address", peer.mac)
    wait_until(lambda: (endpoint(host, attacker) or {}).get("mac") == peer.mac, 5, "it has the peer's MAC")
    costs_nothing(without, lambda: storm(host, peer, flood, good=good))


def first_answers(wire, address) -> list[str]:
    """The MAC of the first answer to each of several who-has."""
    request = frames.arp(eth_src=OUTSIDE_MAC, spa="10.77.0.99", tpa=address)
    return [wire.replies(request, 1.0)[0].sha for _ in range(TIMES)]


def left_to_the_kernels(wire, host) -> None:
    """Which kernel is the first is chance: the container's answers from a queue on another CPU."""
    def handled():
        return {name: count for name, count in host.status()["verdicts"].items()
                if name.startswith(("reflect", "ring", "to_child"))}
    before = handled()
    first = first_answers(wire, HOST)
    assert handled() == before, f"arpline has answered, or handed on: {first}"


@pytest.mark.alone
def test_host_stays_the_one_that_answers_for_its_address_when_a_container_takes_it(receiving):
    host, peer = receiving(4)
    attacker, wire = host.children[0], peer.wire()
    host.address(f"{HOST}/16")
    attacker.add_address(f"{HOST}/16")
    assert host.mac in first_answers(wire, HOST), "without arplined it is never the first"
    attacker.ns.ip("addr", "del", f"{HOST}/16", "dev", attacker.interface)
    host.start_arplined()
    left_to_the_kernels(wire, host)
    wire.arrived()
    attacker.add_address(f"{HOST}/16")
    announced = [one for one in wire.collect(1.0) if one.announcement and one.spa == HOST]
    assert not [one for one in announced if one.sha == attacker.mac], "it is announced for the container"
    left_to_the_kernels(wire, host)


@pytest.mark.alone
def test_host_is_not_cut_off_by_a_container_with_its_address_where_claims_are_dropped(attacked):
    host, peer, _ = attacked(children=2, config=DROP)
    attacker, wire = host.children[0], peer.wire()
    host.address(f"{HOST}/16")
    attacker.add_address(f"{HOST}/16")
    wire.collect(0.5)
    heard = wire.replies(frames.arp(eth_dst=host.mac, eth_src=OUTSIDE_MAC, spa="10.77.0.99", tpa=HOST), 1.0)
    assert [one.sha for one in heard] == [host.mac], "its answers are dropped"
    assert host.ns.run("ping", "-n", "-c", 1, "-W", 1, "-I", host.nic, GOOD, check=False).returncode == 0


@pytest.mark.alone
def test_container_with_two_interfaces_in_a_subnet_is_not_cut_off_where_claims_are_dropped(receiving):
    """arp_ignore = 1, arp_announce = 0: it asks through one interface with the address of the other."""
    host, peer = receiving(1)
    child = host.children[0]
    child.ns.sysctl("net/ipv4/conf/all/arp_ignore", 1)
    host.add_child(address="10.77.3.1/16", ns=child.ns, interface="mv1")
    child.ns.ip("route", "add", f"{GOOD}/32", "dev", "mv1")

    def reaches():
        child.ns.ip("neigh", "flush", "all")
        return child.ns.run("ping", "-n", "-c", 1, "-W", 1, "-I", child.address, GOOD, check=False).returncode == 0
    assert reaches(), "without arplined it does not work either"
    host.start_arplined(DROP)
    wire = peer.wire()
    assert reaches()
    asked = [one for one in wire.arrived() if one.tpa == GOOD and one.spa == child.address]
    assert {one.sha for one in asked} == {host.children[1].mac}, "it did not ask by the other interface"


@pytest.mark.alone
def test_claim_with_the_victims_mac_as_ethernet_source_is_dropped_like_any_other(attacked):
    host, peer, _ = attacked(children=2, config=DROP)
    victim, attacker = host.children
    wire, inside = peer.wire(), wire_of(attacker)
    for op, to in ((frames.REQUEST, frames.BROADCAST), (frames.REPLY, peer.mac), (frames.REPLY, frames.BROADCAST)):
        send_what_may_be_dropped(inside, frames.arp(op=op, eth_dst=to, eth_src=victim.mac, sha=attacker.mac,
                                                    spa=victim.address, tpa=GOOD if to == peer.mac else
                                                    victim.address))
    heard = [one for one in wire.collect(0.5) if one.spa == victim.address and one.sha != victim.mac]
    assert not heard, f"{len(heard)} of 3 claims are on the wire"
    assert [one.sha for one in wire.replies(who_has(victim, peer.mac, GOOD), 1.0)] == [victim.mac]


@pytest.mark.alone
def test_answer_that_nobody_asked_for_has_nobody_answered_for(receiving):
    """The owner has made the kernel silent, and a process in the container forges one reply."""
    host, peer = receiving(2)
    silent, other = host.children
    silent.ns.sysctl("net/ipv4/conf/all/arp_ignore", 8)
    host.start_arplined()
    wait_until(lambda: len(states(host)) == 2, 5, "both are known")
    had = storm(host, peer, good=asking(host, 1), seconds=0.3)
    assert had.good.share == 1, had
    inside = wire_of(silent)
    for _ in range(3):
        inside.send(frames.arp(op=frames.REPLY, eth_dst=peer.mac, eth_src=silent.mac, spa=silent.address,
                               tha=peer.mac, tpa=GOOD))
        attack = storm(host, peer, forged(host, STRANGERS), good=asking(host, 0, 0), seconds=0.3)
        assert attack.good.answered == 0, f"answered for a silent kernel: {attack}"
    assert other.address in str(states(host))


def test_interface_that_is_excluded_by_name_stays_so_whatever_the_container_calls_it(receiving):
    host, _ = receiving(1)
    hidden = host.add_child(interface="dmz0")
    host.start_arplined(f'[parent.{host.nic}]\nexclude = [{{ interface = "dmz*" }}]\n')
    wait_until(lambda: host.children[0].address in states(host), 5, "the other is served")
    assert hidden.address not in states(host)
    hidden.link("down")
    hidden.link("name", "web0")
    hidden.ns.ip("link", "set", "web0", "up")
    wait_until(lambda: "web0" in hidden.ns.ip("-br", "link").stdout, 5, "it is renamed")
    time.sleep(1.5)
    assert hidden.address not in states(host), states(host)


ADDRESSES = 2_000


@pytest.mark.alone
@pytest.mark.timeout(90)
def test_container_with_thousands_of_new_addresses_delays_no_siblings_announcement(receiving):
    """Counted in frames: only so many of the crowd's announcements may leave before it."""
    host, peer = receiving(2)
    victim, crowded = host.children
    host.start_arplined({"announce": {"refresh": "0s"}})
    wire = peer.wire()
    wire.collect(3.5)  # the announcements of the start
    crowded.ns.ip_batch(f"addr add 10.77.{100 + number // 250}.{1 + number % 250}/16 dev {crowded.interface}"
                        for number in range(ADDRESSES))
    found = wire.collect(0.3)
    victim.link("address", "02:a7:00:00:55:55")

    def its_own(one):
        return one.announcement and one.sha == "02:a7:00:00:55:55" and one.spa == victim.address
    later = wire.collect(45, lambda seen: any(map(its_own, seen)))
    before = [one for one in found + later if one.announcement and one.sha == crowded.mac]
    assert any(map(its_own, later)), "its new MAC is not announced"
    assert len(before) < ADDRESSES / 4, f"after {len(before)} announcements of the other"


def lease_of(pins) -> int:
    found = json.loads(run("bpftool", "--json", "map", "dump", "pinned", f"{pins}/lease").stdout)
    return found[0]["formatted"]["value"]


@pytest.mark.alone
@pytest.mark.timeout(120)
def test_thousands_of_addresses_removed_at_once_end_no_lease(receiving):
    """Meanwhile the kernel holds the RTNL lock for seconds, and each request about a link waits."""
    host, _ = receiving(2)
    crowded = host.children[1]
    host.start_arplined({"announce": {"refresh": "0s"}})
    pins = host.status()["pins"]
    for hundred in range(0, 200, 20):
        dev = crowded.interface
        crowded.ns.ip_batch(f"addr add 10.77.{50 + hundred + number // 100}.{1 + number % 100}/16 dev {dev}"
                            for number in range(2000))
    began = time.monotonic()
    flush = subprocess.Popen(["ip", "-n", crowded.ns.name, "addr", "flush", "dev", crowded.interface])
    ended = 0
    while flush.poll() is None:
        ended += lease_of(pins) < time.monotonic_ns()
        time.sleep(0.02)
    if time.monotonic() - began < 1.5:
        pytest.skip(f"the lock was held for {time.monotonic() - began:.1f} s: no longer than a lease lasts")
    assert ended == 0, f"the lease of the whole parent had ended when looked at, {ended} times"
    wait_until(lambda: len(host.status()["endpoints"]) == 1, 20, "what was removed is served no more")
