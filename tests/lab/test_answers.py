# SPDX-License-Identifier: Apache-2.0
"""Requesters of a container get an answer: cold and warm, on every queue, in every mode."""
import time

import pytest
from common import REQUESTER, confirm, endpoint, frames, verdict, wait_known, wait_until, who_has


def test_arping_is_answered_cold_and_warm(serve):
    host, peer, _, _ = serve(children=4)
    for child in host.children:
        assert peer.arping(child.address) == 3
        assert peer.arping(child.address) == 3
    assert verdict(host, "ring") > 0


def test_ping_is_answered_cold_and_warm(serve):
    host, peer, _, _ = serve(children=4)
    for child in host.children:
        for _ in range(2):
            peer.forget()
            assert peer.ping(child.address).answered == 3


def test_container_reaches_the_peer(serve):
    host, _, _, _ = serve(children=2)
    for child in host.children:
        assert child.ping("10.77.0.1").answered == 3


def test_siblings_reach_each_other(serve):
    host, _, _, _ = serve(children=2)
    assert host.children[0].ping(host.children[1].address).answered == 3


def test_kernel_answers_first_and_the_engine_repeats_it(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    first = wire.replies(who_has(child), 1.0)
    assert verdict(host, "to_child_new") == 1 and verdict(host, "ring") == 0
    second = wire.replies(who_has(child), 1.0)
    assert verdict(host, "ring") == 1
    # The worker counts an answer after it has sent it.
    wait_until(lambda: host.status()["engine_verdicts"]["answered"] == 1, 2, "one answer is counted")
    assert [one.bytes_without_padding for one in first] == [one.bytes_without_padding for one in second] != []


def test_each_request_gets_exactly_one_answer(serve):
    host, _, _, wire = serve(children=4)
    for child in host.children:
        for _ in range(3):
            assert len(wire.replies(who_has(child), 0.3, count=0)) == 1


def test_status_says_who_asked_last(serve):
    started = time.monotonic()
    host, _, _, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    wire.replies(who_has(child), 1.0)
    entry = endpoint(host, child)
    assert entry["requests"] >= 2 and entry["to_child"] >= 1 and entry["ringed"] >= 1, entry
    assert entry["last_requester"] == REQUESTER and entry["mac"] == child.mac, entry
    assert entry["vlan"] == 0 and entry["interface"] == child.interface, entry
    at_most = time.monotonic() - started + 1
    assert entry["last_asked_seconds_ago"] <= entry["confirmed_seconds_ago"] <= at_most, entry


@pytest.mark.parametrize("mode", ("bridge", "vepa", "private", "passthru"))
def test_every_served_mode_is_answered(serve, mode):
    host, _, _, wire = serve(mode=mode)
    confirm(wire, host, host.children[0])
    assert len(wire.replies(who_has(host.children[0]), 1.0)) == 1
    assert verdict(host, "ring") >= 1


def test_mode_source_is_left_to_the_kernel(serve):
    host, _, _, wire = serve(mode="source")
    child = host.children[0]
    wire.replies(who_has(child), 0.3)
    entry = endpoint(host, child)
    assert entry["state"] == "not_served" and entry["reason"] == "mode_source", entry
    assert verdict(host, "ring") == 0 and verdict(host, "to_child_new") == 0


def test_container_that_comes_later_is_found(serve):
    host, _, _, wire = serve()
    for created_inside in (False, True):
        child = host.add_child(created_inside=created_inside)
        confirm(wire, host, child)
        assert len(wire.replies(who_has(child), 1.0)) == 1


def test_second_address_of_a_container_is_found(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    child.add_address("10.77.8.8/16")
    wait_until(lambda: any(one["address"] == "10.77.8.8" for one in host.status()["endpoints"]), 10,
               "the new address is known")
    assert wire.replies(frames.arp(eth_src="02:b0:00:00:00:01", spa=REQUESTER, tpa="10.77.8.8"), 1.0)


def test_two_containers_in_one_namespace_are_left_to_the_kernel(wired):
    host, _ = wired(children=1)
    first = host.children[0]
    second = host.add_child(ns=first.ns, interface="mv1")
    host.start_arplined()
    wait_known(host, first, second)
    for child in (first, second):
        entry = endpoint(host, child)
        assert entry["state"] == "not_served" and entry["reason"] == "flux", entry


def test_mtu_9000_is_served(serve):
    host, peer, _, wire = serve(mtu=9000)
    confirm(wire, host, host.children[0])
    assert len(wire.replies(who_has(host.children[0]), 1.0)) == 1
    assert verdict(host, "ring") >= 1
    large = peer.ns.run("ping", "-n", "-q", "-c", 1, "-W", 1, "-s", 8000, host.children[0].address, check=False)
    assert large.returncode == 0, large.stdout


@pytest.mark.timeout(90)
@pytest.mark.parametrize("tx_queues", (4, 1))
def test_every_receive_queue_is_served_however_many_transmit(serve, tx_queues):
    host, peer, _, wire = serve(queues=4, tx_queues=tx_queues)
    assert host.status()["queues"] == 4
    confirm(wire, host, host.children[0])
    for queue in range(4):
        peer.aim_at_queue(queue, 4)
        before = verdict(host, "ring")
        # A queue has fewer frames than this, so each frame must return to its pool.
        for _ in range(600):
            assert len(wire.replies(who_has(host.children[0]), 1.0)) == 1, f"queue {queue}"
        assert verdict(host, "ring") >= before + 599, f"queue {queue}: the engine did not answer"


def test_host_is_left_alone(wired):
    host, peer = wired(children=1)
    host.address("10.77.0.2/16")
    host.start_arplined()
    assert peer.ping("10.77.0.2").answered == 3
    assert peer.arping("10.77.0.2") == 3
    assert host.status()["egress"] == "seen"
