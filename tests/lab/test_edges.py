# SPDX-License-Identifier: Apache-2.0
"""Edge cases of the fast path in a flood: vanished and silent containers, the host's own addresses, and the sums."""
import json
import signal
import subprocess
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from common import REQUESTER_MAC, arpgen, confirm, endpoint, exchange, frames, verdict, wait_state, wait_until, who_has
from test_reload import reload

HOST = "10.77.0.2"
NEW_MAC = "02:a7:00:00:77:77"
RATE = 3000
KERNEL_BYTES = 42


class Flood:
    """
    arpgen in the background. The peer's sockets receive its answers too. arpgen's program replaces the one on the
    peer's end that XDP_TX has needed so far, so the fast path is off for a moment.
    """
    def __init__(self, peer, *traffic, rate=RATE, seconds=30, more=()):
        self.peer = peer
        peer.unload_program()
        specs = [word for spec in traffic for word in ("--traffic", spec)]
        pace = ("--rate", rate) if rate else ()
        self.process = peer.ns.spawn(arpgen(), "run", "--interface", peer.nic, "--pass-answers", "--format", "json",
                                     "--seconds", seconds, *specs, *pace, *more, stdout=subprocess.PIPE)

    def end(self) -> dict:
        """Waits for arpgen to end and returns its report."""
        report = self.process.communicate(timeout=60)[0]
        self.peer.load_pass_program()
        return json.loads(report)

    def stop(self):
        self.process.terminate()
        self.process.communicate()
        self.peer.load_pass_program()


@contextmanager
def flooded(host, peer, way, *traffic, frames_at_least=100, **kwargs):
    """Floods for the duration of the with statement, which starts once the verdict's counter grows."""
    before = verdict(host, way)
    flood = Flood(peer, *traffic, **{"seconds": 120, **kwargs})  # longer than any test floods
    try:
        wait_until(lambda: verdict(host, way) > before + frames_at_least, 10, lambda: f"{way} under the flood")
        yield flood
        assert flood.process.poll() is None, "the flood ended before the test"
    finally:
        flood.stop()


def answers_seen(peer, address, seconds=1.0) -> list:
    """
    The program's answers for this address that arrive from now on. They are as long as arpgen's requests, 60 bytes; the
    kernel's have 42. The kernel's do not count, because a namespace that is being destroyed still answers for a moment.
    """
    wire = peer.wire()
    found = [one for one in wire.collect(seconds) if one.op == frames.REPLY and one.spa == address]
    wire.close()
    return [one for one in found if len(one.raw) > KERNEL_BYTES]


# Containers that vanish.

def vanishes(serve_fast, withdraw):
    host, peer, _, wire = serve_fast(children=2)
    goes, stays = host.children
    confirm(wire, host, goes, stays, mac=peer.mac, address="10.77.0.1")
    wire.close()
    with flooded(host, peer, "reflect", f"who-has to={goes.address}-{stays.address}"):
        assert answers_seen(peer, goes.address, 0.3)
        withdraw(goes)
        wait_state(host, goes, None, 5)
        assert not answers_seen(peer, goes.address)
        assert answers_seen(peer, stays.address, 0.5)


def test_address_removed_during_a_flood_is_not_answered_for_any_more(serve_fast):
    vanishes(serve_fast, lambda child: child.remove_address())


def test_container_deleted_during_a_flood_is_not_answered_for_any_more(serve_fast):
    vanishes(serve_fast, lambda child: child.delete())


def test_mac_changed_during_a_flood_is_never_given_again(serve_fast):
    host, peer, _, wire = serve_fast()
    child = host.children[0]
    confirm(wire, host, child, mac=peer.mac, address="10.77.0.1")
    wire.close()
    with flooded(host, peer, "reflect", f"who-has to={child.address}"):
        child.link("address", NEW_MAC)
        wait_until(lambda: (endpoint(host, child) or {}).get("mac") == NEW_MAC, 5, "the new MAC is known")
        before = verdict(host, "reflect")
        assert {one.sha for one in answers_seen(peer, child.address)} == {NEW_MAC}
        assert verdict(host, "reflect") > before


# Containers that are silent.

# Only a few: the whole machine shares the neighbour table, and a full one disturbs the tests that run in parallel.
STRANGERS = "requesters=uniform from=10.77.128.0/24 macs=own"


def silent_in_a_storm(host, peer, child):
    """Floods from many more new requesters than may be handed to the child."""
    wire = peer.wire()
    before = sum(host.status()["verdicts"].values())
    flood = Flood(peer, f"who-has to={child.address} {STRANGERS}", seconds=1.5)
    found = wire.collect(2.0)
    assert flood.end()["answers"]["answered"] == 0
    assert sum(host.status()["verdicts"].values()) > before + RATE
    assert not [one for one in found if one.op == frames.REPLY]


def test_container_that_never_answers_is_never_answered_for(serve_fast):
    """arp_ignore is set from the start, so its kernel can never have confirmed the endpoint."""
    host, peer, _, _ = serve_fast(config={"limits": {"to_child": 10}})
    child = host.children[0]
    child.ns.sysctl("net/ipv4/conf/all/arp_ignore", 8)
    silent_in_a_storm(host, peer, child)


def test_container_that_stops_answering_falls_silent_after_three_seconds_of_samples(serve_fast):
    host, peer, _, wire = serve_fast()
    child = host.children[0]
    confirm(wire, host, child)
    child.ns.sysctl("net/ipv4/conf/all/arp_ignore", 8)
    # Only a few: the parents of labs that run in parallel share the room in the neighbour table.
    with flooded(host, peer, "to_child_new", f"who-has to={child.address} {STRANGERS}", frames_at_least=10):
        wait_state(host, child, "not_served", 10, "unanswered")
    silent_in_a_storm(host, peer, child)


def test_container_without_arp_falls_silent_at_once(serve_fast):
    host, peer, _, wire = serve_fast()
    child = host.children[0]
    confirm(wire, host, child, mac=peer.mac, address="10.77.0.1")
    with flooded(host, peer, "reflect", f"who-has to={child.address}"):
        child.link("arp", "off")
        wait_state(host, child, "not_served", 5, "noarp")
        assert not answers_seen(peer, child.address)
    silent_in_a_storm(host, peer, child)


# Addresses for which only the host answers.

def host_answers(wire, address, times=10) -> int:
    def is_its(one):
        return one.op == frames.REPLY and one.spa == address and one.eth_dst == REQUESTER_MAC
    answered = 0
    for _ in range(times):
        wire.send(who_has(SimpleNamespace(address=address, vlan=0)))
        answered += any(map(is_its, wire.collect(1.0, lambda found: any(map(is_its, found)))))
    return answered


def test_host_answers_for_its_own_addresses_and_by_proxy_during_floods(serve_fast):
    """The parent's address, a virtual one on lo, and one behind the host (proxy_arp); with limits.foreign too."""
    host, peer, daemon, wire = serve_fast(config={"mode": "answer"})
    child, vip, behind = host.children[0], "10.77.50.1", "10.77.60.7"
    host.address(f"{HOST}/16")
    host.ns.ip_batch([f"addr add {vip}/32 dev lo", "link add far0 type veth peer name far1", "link set far0 up",
                      "link set far1 up", "route add 10.77.60.0/24 dev far0"])
    for name, value in (("conf/nic0/proxy_arp", 1), ("conf/nic0/forwarding", 1), ("neigh/nic0/proxy_delay", 0)):
        host.ns.sysctl(f"net/ipv4/{name}", value)
    every = (HOST, vip, behind)
    confirm(wire, host, child)
    confirm(wire, host, child, mac=peer.mac, address="10.77.0.1")
    with flooded(host, peer, "reflect", f"who-has to={child.address}"):
        for address in every:
            assert host_answers(wire, address) == 10, address
    reload(host, daemon, {"limits": {"foreign": 10}})
    with flooded(host, peer, "foreign_limited", "who-has to=10.77.200.0/24"):
        assert verdict(host, "foreign") > 0
        for address in every:
            assert host_answers(wire, address) == 10, address


def test_virtual_address_that_the_host_announces_is_answered_whatever_limits_foreign_allows(serve_fast):
    """keepalived takes an address over during a storm, when no station has had an answer for it here yet."""
    host, _, _, wire = serve_fast(config={"limits": {"foreign": 0}})
    for vip in ("10.77.50.1", "10.77.50.2"):
        host.ns.ip("addr", "add", f"{vip}/32", "dev", "lo")
    assert host_answers(wire, "10.77.50.1", 1) == host_answers(wire, "10.77.50.2", 1) == 0
    host.wire().send(frames.arp(eth_src=host.mac, spa="10.77.50.1", tpa="10.77.50.1"))
    assert host_answers(wire, "10.77.50.1") == 10
    assert host_answers(wire, "10.77.50.2", 1) == 0


# A gateway that changes its MAC in a storm.

GATEWAY, OLD, NEW = "10.77.0.254", "02:fe:00:00:00:01", "02:fe:00:00:00:02"
SPENT = {"to_child": 0}  # exhausted at once, as the storm would do in time


def neighbour(child):
    found = json.loads(child.ns.ip("-j", "neigh", "show", GATEWAY).stdout or "[]")
    return found[0].get("lladdr") if found else None


def gateway_moves(serve_fast, limits):
    """
    Returns whether the container's kernel has the gateway's new MAC after ten who-has of the gateway in the storm.
    """
    host, peer, daemon, wire = serve_fast(config={"mode": "answer"})
    child = host.children[0]
    confirm(wire, host, child)
    child.ns.spawn("ping", "-n", "-c", 1, "-W", 5, GATEWAY)
    asked = wire.collect(5, lambda found: any(one.tpa == GATEWAY for one in found))
    assert asked, "the container does not ask"
    wire.send(frames.arp(op=frames.REPLY, eth_dst=child.mac, eth_src=OLD, spa=GATEWAY, tha=child.mac,
                         tpa=child.address))
    wait_until(lambda: neighbour(child) == OLD, 5, lambda: f"the container knows its gateway: {neighbour(child)}")
    reload(host, daemon, {"limits": limits})
    with flooded(host, peer, "reflect_new", f"who-has to={child.address} {STRANGERS}"):
        before = verdict(host, "reflect_new")
        for _ in range(10):
            wire.send(who_has(child, NEW, GATEWAY))
        wait_until(lambda: verdict(host, "reflect_new") > before + 100, 10, "the storm goes on")
        return neighbour(child) == NEW


def test_container_follows_its_gateway_to_a_new_mac_in_a_storm(serve_fast):
    assert gateway_moves(serve_fast, SPENT)


def test_without_the_share_for_the_trusted_it_would_not(serve_fast):
    assert not gateway_moves(serve_fast, {**SPENT, "to_child_trusted": 0})


# The daemon is delayed or killed.

@pytest.mark.timeout(90)
def test_daemon_stopped_for_twenty_seconds_costs_nothing_and_says_nothing_stale(serve_fast):
    host, peer, daemon, wire = serve_fast(config={"limits": {"ring": 1000}})
    child = host.children[0]
    confirm(wire, host, child, mac=peer.mac, address="10.77.0.1")
    wire.close()
    flood = Flood(peer, f"who-has to={child.address}", rate=5000, seconds=60)
    wait_until(lambda: verdict(host, "reflect") > 100 and verdict(host, "ring") > 100, 10, "both ways answer")
    daemon.sigstop()
    stopped_at = time.monotonic()
    wait_until(lambda: verdict(host, "lease_expired") > 0, 10, "the lease ends")
    before = host.status()["verdicts"]
    time.sleep(max(0, stopped_at + 20 - time.monotonic()))
    after = host.status()["verdicts"]
    assert [name for name, count in after.items() if count != before[name]] == ["lease_expired"]
    daemon.sigcont()
    wait_until(lambda: verdict(host, "reflect") > after["reflect"], 10, "it serves again")
    assert flood.process.poll() is None, "the flood ended before the test"
    flood.process.send_signal(signal.SIGINT)
    answers = flood.end()["answers"]
    assert answers["answered"] > 0 and answers["late"] == answers["duplicate"] == answers["wrong_mac"] == 0, answers


# Sums.

class Counted:
    """The frames that the parent has received, and their verdicts, since construction. The wire carries ARP only."""

    def __init__(self, host):
        self.host = host
        self.before = self._now()

    def _now(self):
        status = self.host.status()
        total = {key: sum(one[key] for one in status["endpoints"]) for key in ("requests", "to_child", "ringed")}
        return {"received": self.host.received_packets(), **total, **status["verdicts"]}

    def grown(self) -> dict:
        """Waits until the counters are stable and returns their growth."""
        now = wait_until(self._settled, 10, "nothing arrives any more")
        return {name: now[name] - before for name, before in self.before.items()}

    def _settled(self):
        one = self._now()
        time.sleep(0.2)
        return one if one == self._now() else None


NOT_VERDICTS = ("received", "requests", "to_child", "ringed")


def judged(grown) -> int:
    return sum(count for name, count in grown.items() if name not in NOT_VERDICTS)


@pytest.mark.alone
def test_counters_are_exact_on_two_queues_at_once(serve_fast):
    """One queue gets the maximum that arpgen can send, the other one the maximum of a socket."""
    host, peer, _, wire = serve_fast(children=4, queues=2)
    confirm(wire, host, *host.children, mac=peer.mac, address="10.77.0.1")
    peer.aim_at_queue(1, 2)
    counted = Counted(host)
    flood = Flood(peer, "who-has to=10.77.1.1-10.77.1.4", rate=None, seconds=2, more=("--cpu", 0, "--count-only"))
    sent, _ = exchange(wire, lambda n: who_has(host.children[n % 4]), 500, 2.0)
    report = flood.end()
    grown = counted.grown()
    assert judged(grown) == grown["received"] == grown["requests"], grown
    assert grown["received"] <= report["offered"]["frames"] + sent
    assert grown["reflect"] > sent
    assert 0 < report["answers"]["answered"] <= grown["received"], (report["answers"], grown)


def test_counters_are_exact_with_limits_that_drop(serve_fast):
    limits = {"foreign": 100, "reflect_max": 200, "to_child": 10}
    host, peer, _, wire = serve_fast(children=4, config={"limits": limits})
    confirm(wire, host, *host.children, mac=peer.mac, address="10.77.0.1")
    counted = Counted(host)
    flood = Flood(peer, "who-has to=10.77.1.1-10.77.1.4", "who-has to=10.77.200.0/24",
                  f"who-has to=10.77.1.1 {STRANGERS}", "announcement from=10.77.3.0/24 macs=own",
                  rate=20000, seconds=2)
    report = flood.end()
    grown = counted.grown()
    assert judged(grown) == grown["received"] <= report["offered"]["frames"], (grown, report["offered"])
    for name in ("reflect", "reflect_capped", "foreign", "foreign_limited", "announcement", "to_child_new"):
        assert grown[name] > 0, name
    reflected = grown["reflect"] + grown["reflect_new"]
    others = sum(grown[name] for name in ("ring", "to_child_new", "to_child_sample", "to_child_excess",
                                          "over_budget"))
    assert reflected <= report["answers"]["answered"] <= reflected + others, (grown, report["answers"])
