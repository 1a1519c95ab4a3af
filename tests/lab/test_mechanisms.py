# SPDX-License-Identifier: Apache-2.0
"""
The mechanisms that starve a container's ARP (docs/design.md): the demo's scenes with smaller numbers. Each must fail
without arplined; otherwise its success with arplined would prove nothing.
"""
from concurrent.futures import ThreadPoolExecutor

import pytest
from common import Lab
from lab.scenes import claims, neighbours, quiet_container, receiving, shaped, storm


def in_two_labs(build, measure, config=None, **numbers):
    """Runs the scene in a lab without arplined and in one with it. Returns both measurements."""
    found = []
    for served in (False, True):
        with Lab() as lab:
            host, peer = build(lab)
            if served:
                host.start_arplined(config)
            found.append(measure(host, peer, **numbers))
    return found


@pytest.mark.timeout(90)
def test_quiet_container_is_lost_to_the_switch_but_not_with_announcements(lab):
    sides = [quiet_container.build(lab, children=4, side=side) for side in ("-without", "-with")]
    sides[1][2].start_arplined(quiet_container.REFRESH)
    with ThreadPoolExecutor() as together:
        without, served = together.map(lambda nodes: quiet_container.measure(*nodes, quiet_seconds=5, count=5),
                                       sides)
    assert without == (100, 100, 4), f"without arplined: warm, lost, out of reach: {without}"
    assert served == (100, 0, 0), f"with arplined: warm, lost, out of reach: {served}"


def in_a_storm(host, peer):
    storm.warm(host, peer)
    return [flood(host, peer, rate=200_000, seconds=1)["answers"]["ratio"]
            for flood in (storm.who_has, storm.other_broadcast)]


@pytest.mark.alone
def test_storm_of_broadcast_starves_who_has_but_not_with_the_fast_path():
    without, served = in_two_labs(lambda lab: receiving(lab, 64), in_a_storm)
    assert without[0] < 0.5 and without[1] < 0.8, f"without arplined, who-has and other broadcast: {without}"
    assert min(served) > 0.99, f"with arplined: {served}"


@pytest.mark.alone
@pytest.mark.timeout(90)
def test_full_neighbour_table_silences_containers_but_not_their_answers_with_arplined():
    without, served = in_two_labs(neighbours.build, neighbours.measure, seconds=2)
    assert without[0] < 0.5 and without[1] < neighbours.CHILDREN and without[2] < 0.5, \
        f"without arplined: a peer's answered, gateways found, newcomers' answered: {without}"
    assert served[0] > 0.95 and served[1] == neighbours.CHILDREN and served[2] > 0.95, \
        f"with arplined: a peer's answered, gateways found, newcomers' answered: {served}"


@pytest.mark.alone
def test_answers_wait_behind_bulk_traffic_but_not_those_of_the_fast_path():
    without, served = in_two_labs(shaped.build, shaped.measure, seconds=1)
    assert without[0] < 0.5, f"without arplined: in time, at all, median: {without}"
    assert served[0] > 0.9 and served[1] > 0.99, f"with arplined: in time, at all, median: {served}"
    assert served[2] <= without[2] / 10, f"median: {served[2]} ns with, {without[2]} ns without arplined"


def test_peer_follows_a_new_mac_and_no_siblings_claim_only_with_arplined():
    without, served = in_two_labs(claims.build, claims.measure, claims.DROP)
    assert without == (1, 1, True), f"without arplined: lost after restart, after claim, believed: {without}"
    assert served == (0, 0, False), f"with arplined: lost after restart, after claim, believed: {served}"
