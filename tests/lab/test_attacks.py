# SPDX-License-Identifier: Apache-2.0
"""
A station on the wire sends hostile frames. It may change what arpline announces, defends and reports, but the
containers are answered for as without it (docs/threats.md). Each test has its control in the same run.
"""
import time

import pytest
from attacks import (GOOD, STRANGERS, asking, claimed, costs_nothing, forged, learned, states, storm, targets,
                     wait_claimed)
from common import frames, wait_until, who_has
from lab.scenes import neighbours
from tcx import at_egress

RIVAL = "02:00:00:00:ba:d1"


@pytest.mark.alone
def test_flood_with_forged_senders_of_the_whole_subnet_is_answered_as_one_without_claims(attacked):
    host, peer, _ = attacked()
    without = storm(host, peer, forged(host, STRANGERS), seconds=0.5)
    costs_nothing(without, lambda: storm(host, peer, forged(host), seconds=1.5))
    assert claimed(host, host.children[0]) > 0, "it was no attack"


@pytest.mark.alone
def test_one_forged_claim_costs_an_endpoint_none_of_its_answers(attacked):
    """One claim a minute would be enough for a lasting outage, if a claim stopped the answers at all."""
    host, peer, _ = attacked()
    without = storm(host, peer, forged(host, STRANGERS), seconds=0.5)
    wire = peer.wire()
    for child in host.children:
        wire.send(frames.arp(eth_src=RIVAL, spa=child.address, tpa=child.address))
    wait_claimed(host, host.children[-1])
    wire.close()
    costs_nothing(without, lambda: storm(host, peer, forged(host, STRANGERS)))


@pytest.mark.alone
def test_egress_filter_that_is_hidden_costs_no_answer_whoever_asks_meanwhile(lab, attacked):
    host, peer, _ = attacked()
    without = storm(host, peer, forged(host, STRANGERS), seconds=0.5)
    with at_egress(lab, host, "tc_pass"):
        # Long enough to count a check a second until all of them would count as unanswered.
        storm(host, peer, asking(host, sender="10.77.0.99"), seconds=4.5, flood=1000)
        assert "unanswered" not in str(states(host)), states(host)
        costs_nothing(without, lambda: storm(host, peer, forged(host, STRANGERS)))


@pytest.mark.alone
def test_senders_that_the_containers_kernel_takes_for_martians_cost_it_no_answer(attacked):
    """The sender has another address of the target's own container, whose kernel does not answer such a who-has."""
    host, peer, _ = attacked(children=4)
    for number, child in enumerate(host.children):
        child.add_address(f"10.77.2.{1 + number}/16")
    without = storm(host, peer, forged(host, STRANGERS), seconds=0.5)
    wire = peer.wire()
    for _ in range(4):
        for number, child in enumerate(host.children):
            wire.send(who_has(child, RIVAL, f"10.77.2.{1 + number}"))
        time.sleep(1.05)
    wire.close()
    assert "unanswered" not in str(states(host)), states(host)
    costs_nothing(without, lambda: storm(host, peer, forged(host, STRANGERS)))


def of_every_kind(host) -> list[str]:
    """All kinds of frames other than a broadcast who-has from which a kernel learns, each with senders of its own."""
    to = f"who-has to={targets(host)}"
    return [f"{to} from=10.77.64.0/20 macs=own unicast", f"{to} from=10.99.0.0/20 macs=own",
            f"{to} from=10.77.80.0/20 macs=own flaw=hardware-type", f"{to} from=10.77.96.0/20 macs=own flaw=long",
            f"{to} from=10.77.112.0/20 macs=own flaw=sender-mac-other"]


def resolving(host, address=GOOD) -> int:
    """The number of containers that can resolve a neighbour whom they do not know yet."""
    found = 0
    for child in host.children:
        child.ns.ip("neigh", "flush", "all")
        found += child.ping(address, count=1).answered
    return found


@pytest.mark.alone
def test_frames_of_every_kind_leave_room_in_the_neighbour_table(receiving):
    host, peer = receiving(8)
    for child in host.children:  # the peer stands for another machine, with a neighbour table of its own
        peer.ns.ip("neigh", "replace", child.address, "lladdr", child.mac, "dev", peer.nic, "nud", "permanent")
    host.start_arplined()
    neighbours.make_room()
    learned(host, peer)
    assert resolving(host) == 8
    storm(host, peer, *of_every_kind(host), flood=20_000, seconds=3.0)
    assert (entries := neighbours.entries()) < 1000, f"{entries} entries in the neighbour table"
    assert (found := resolving(host)) == 8, f"{found} of 8 containers resolve their gateway"


@pytest.mark.alone
def test_unicast_flood_for_one_container_costs_the_others_no_more_than_a_broadcast_one(attacked):
    host, peer, _ = attacked()
    target, others = f"who-has to={host.children[0].address} from={STRANGERS} macs=own", asking(host, 1)
    broadcast = storm(host, peer, target, good=others, seconds=0.5)
    costs_nothing(broadcast, lambda: storm(host, peer, f"{target} unicast", good=others))


@pytest.mark.alone
def test_prober_sees_every_address_in_use_in_a_storm(attacked):
    """
    RFC 5227 section 2.1: a host that gets no answer to three probes takes the address. The kernel's queue is full.
    """
    host, peer, _ = attacked(children=32)
    probes = f"probe to={targets(host)} order=sequential"
    without = storm(host, peer, forged(host, STRANGERS), good=probes, rate=100, flood=10_000)
    costs_nothing(without, lambda: storm(host, peer, forged(host), "other", good=probes, rate=100, flood=400_000))


@pytest.mark.alone
def test_flood_of_our_own_macs_hides_no_claims(attacked):
    """Every claim is counted, logged and defended against, whatever other events there are."""
    host, peer, daemon = attacked(children=8, config={"announce": {"on_conflict": "always", "refresh": "0s"}})
    loops, victims = host.children[0], host.children[3:]
    wire = peer.wire()
    wire.collect(3.5)  # the announcements of the start
    looped = frames.arp(eth_src=loops.mac, spa="10.77.200.1", tpa="10.77.200.2")
    found = []
    for tick in range(200):  # 300 frames a second
        for _ in range(3):
            wire.send(looped)
        if tick >= 100 and tick % 20 == 19:
            number = (tick - 100) // 20
            wire.send(frames.arp(eth_src=f"{RIVAL[:-1]}{number}", spa=victims[number].address,
                                 tpa=victims[number].address))
        found += wire.collect(0.01)
    wait_until(lambda: all(claimed(host, one) for one in victims), 3, lambda: states(host))
    found += wire.collect(0.5)
    defended = {one.spa for one in found if one.announcement and one.sha[:-1] != RIVAL[:-1]}
    assert defended >= {one.address for one in victims}, f"defended: {defended}"
    told = [one.address for one in victims if f"claims {one.address}" in daemon.log]
    assert len(told) == len(victims), f"in the log: {told}: {daemon.log}"
