# SPDX-License-Identifier: Apache-2.0
"""Another station has a container's address: the reports about it, and the reactions (RFC 5227 section 2.4)."""
import time

from common import Metronome, endpoint, wait_until
from switched import claim, conflict, parties, serve_quietly, spoken_for, station, switched

HEARD_SECONDS = 1.0  # much longer than the immediate effects of a claim take
DEFEND_SECONDS = 10  # DEFEND_INTERVAL
MOVES = 5  # RFC 7432 section 15.1: N
ROUTER = "10.77.0.254"


def disputed(lab, policy, **announce):
    """
    A container at a switch, and a second station with its address. Returns (host, daemon, the peer's wire, the rival).
    """
    switch, host, peer = switched(lab)
    wire = peer.wire()
    daemon = serve_quietly(host, wire, {"on_conflict": policy, **announce})
    rival = station(lab, switch, "rival", f"{host.children[0].address}/16")
    wire.arrived()
    return host, daemon, wire, rival


def contest(rival, child):
    claim(rival.ns, rival.nic, child.address)


def told(host, child, rival, times=1):
    """Waits until the rival's claims are counted, and expects it to be named."""
    wait_until(lambda: endpoint(host, child)["claims"] >= times, 5, f"{times} claims are known")
    wait_until(lambda: parties(host, child).get(rival.mac) == "elsewhere", 5, lambda: parties(host, child))


def given_up(host, child, daemon, rival):
    wait_until(lambda: conflict(host, child)["gave_up"], 5, lambda: f"given up: {conflict(host, child)}")
    assert f"nic0: {child.address} is given up: {rival.mac} claims it" in daemon.log, daemon.log


def another_chance(host, child):
    """Changes the container's interface, which makes arpline take up an address that it gave up."""
    child.link("address", "02:a7:00:00:66:66")
    wait_until(lambda: endpoint(host, child)["mac"] == "02:a7:00:00:66:66", 5, "the new MAC is known")
    wait_until(lambda: not conflict(host, child)["gave_up"], 5, lambda: conflict(host, child))


def test_alert_is_silent_about_a_contested_address_and_tells_of_it(lab):
    host, daemon, wire, rival = disputed(lab, "alert", refresh="200ms")
    child = host.children[0]
    assert spoken_for(wire.collect(HEARD_SECONDS), child), "it is not refreshed; its silence would prove nothing"
    contest(rival, child)
    wait_until(lambda: endpoint(host, child)["reason"] == "contested", 5, "the claim is known")
    told(host, child, rival)
    wire.collect(0.1)
    contest(rival, child)
    assert not spoken_for(wire.collect(HEARD_SECONDS), child)
    assert f"{rival.mac} claims {child.address}" in daemon.log, daemon.log
    now = conflict(host, child)
    assert (now["gave_up"], now["moves_too_often"], now["defences"], now["defended_seconds_ago"]) \
        == (False, False, 0, None), now


def test_once_defends_against_the_first_claim_and_gives_up_at_the_next(lab):
    host, daemon, wire, rival = disputed(lab, "once")
    child = host.children[0]
    contest(rival, child)
    defences = spoken_for(wire.collect(HEARD_SECONDS), child)
    assert len(defences) == 1 and defences[0].announcement, defences
    assert f"nic0: {child.address} is defended against {rival.mac}" in daemon.log, daemon.log
    now = conflict(host, child)
    assert now["defences"] == 1 and not now["gave_up"] and now["defended_seconds_ago"] is not None, now
    told(host, child, rival)
    contest(rival, child)
    given_up(host, child, daemon, rival)
    contest(rival, child)
    assert not spoken_for(wire.collect(HEARD_SECONDS), child), "it spoke for what it has given up"
    assert conflict(host, child)["defences"] == 1
    assert host.status()["sent"]["defences"] == 1
    another_chance(host, child)


def test_never_gives_up_at_once_and_until_the_interface_changes(lab):
    host, daemon, wire, rival = disputed(lab, "never")
    child = host.children[0]
    contest(rival, child)
    given_up(host, child, daemon, rival)
    told(host, child, rival)
    assert not spoken_for(wire.collect(HEARD_SECONDS), child)
    assert conflict(host, child)["defences"] == 0
    another_chance(host, child)


def test_always_defends_once_per_interval_however_often_it_is_claimed(lab):
    with Metronome() as metronome:
        host, _, wire, rival = disputed(lab, "always")
        child = host.children[0]
        found, end = [], time.monotonic() + DEFEND_SECONDS + 2
        while time.monotonic() < end:
            contest(rival, child)
            found += wire.collect(0.4)
        defences = spoken_for(found, child)
        assert len(defences) == 2, f"{len(defences)} defences"
        assert defences[1].at - defences[0].at > DEFEND_SECONDS - 0.1 - metronome.late, defences
        assert not conflict(host, child)["gave_up"] and conflict(host, child)["defences"] == 2


def test_address_that_moves_too_often_is_left_alone(switched):
    _, host, peer = switched()
    child, wire = host.children[0], peer.wire()
    daemon = serve_quietly(host, wire, {"on_conflict": "always"})
    for number in range(MOVES):
        assert not conflict(host, child)["moves_too_often"], f"after {number} moves"
        mac = f"02:a7:00:00:77:{number:02x}"
        child.link("address", mac)
        wait_until(lambda one=mac: endpoint(host, child)["mac"] == one, 5, "the new MAC is known")
    wait_until(lambda: conflict(host, child)["moves_too_often"], 5, lambda: conflict(host, child))
    assert f"nic0: {child.address} moves too often" in daemon.log, daemon.log


def test_claims_by_strangers_are_no_moves(lab, switched):
    switch, host, peer = switched()
    child, wire = host.children[0], peer.wire()
    serve_quietly(host, wire, {"on_conflict": "alert"})
    rivals = [station(lab, switch, f"rival{number}") for number in range(2)]
    for number in range(2 * MOVES):
        contest(rivals[number % 2], child)
        wait_until(lambda times=number: endpoint(host, child)["claims"] == times + 1, 5, "the claim is known")
    now = conflict(host, child)
    assert not now["moves_too_often"] and now["silent"], now


def test_announcements_of_a_newcomer_are_one_conflict_for_the_owner_of_its_address(lab, switched):
    """With on_conflict = once the owner would give up the address at a second conflict within DEFEND_INTERVAL."""
    switch, host, peer = switched()
    wire = peer.wire()
    serve_quietly(host, wire, {"on_conflict": "alert"})
    owner = station(lab, switch, "owner", "10.77.3.3/16")
    child = host.add_child(address="10.77.3.3/16")
    found = wire.collect(5.0, lambda found: spoken_for(found, child))
    claim(owner.ns, owner.nic, child.address)  # the owner's defence
    found += wire.collect(4.0)
    assert len(spoken_for(found, child)) == 1, spoken_for(found, child)


def test_claims_of_this_host_are_told_as_such_and_not_defended(switched):
    _, host, peer = switched(children=3)
    victim, other, sibling = host.children
    wire = peer.wire()
    serve_quietly(host, wire, {"on_conflict": "always"})
    host.address("10.77.0.2/16")
    claim(sibling.ns, sibling.interface, victim.address)
    claim(host.ns, host.nic, other.address)
    wait_until(lambda: parties(host, victim) == {sibling.mac: "sibling"}, 5, lambda: parties(host, victim))
    wait_until(lambda: parties(host, other) == {host.mac: "host"}, 5, lambda: parties(host, other))
    found = wire.collect(HEARD_SECONDS)
    for child in (victim, other):
        assert [one for one in found if one.spa == child.address], "the claim reached nobody"
        assert not spoken_for(found, child) and conflict(host, child)["defences"] == 0


def router_elsewhere(lab, switch):
    """A router with a route to the containers through another interface, so that proxy_arp makes it answer for them."""
    router = station(lab, switch, "router", f"{ROUTER}/16")
    lab.veth(router.ns, "back0", lab.namespace("back"), "back0")
    router.ns.sysctl("net/ipv4/ip_forward", 1)
    router.ns.sysctl(f"net/ipv4/neigh/{router.nic}/proxy_delay", 0)
    router.ns.ip("route", "add", "10.77.1.0/24", "dev", "back0")
    return router


def answer_for_everyone(router):
    """Answers for all addresses, in reaction to announcements too."""
    router.ns.sysctl(f"net/ipv4/conf/{router.nic}/proxy_arp", 1)


def ask_from(child, *others):
    for other in others:
        child.ns.run("arping", "-c", "1", "-W", "0.1", "-i", child.interface, other.address, check=False)


def test_router_with_proxy_arp_is_told_as_one_and_makes_nobody_give_up(lab, switched):
    switch, host, peer = switched(children=4)
    *victims, asker = host.children
    wire = peer.wire()
    serve_quietly(host, wire, {"on_conflict": "once"})
    router = router_elsewhere(lab, switch)
    answer_for_everyone(router)
    ask_from(asker, *victims)
    for victim in victims:
        wait_until(lambda one=victim: parties(host, one) == {router.mac: "proxy"}, 5,
                   lambda one=victim: f"{one.address}: {parties(host, one)}")
    ask_from(asker, victims[2])
    wait_until(lambda: endpoint(host, victims[2])["claims"] > 1, 5, "it has claimed it again")
    assert not conflict(host, victims[2])["gave_up"], "by then it had claimed three"


def test_gateway_that_claims_an_address_is_a_proxy_from_the_first_time(lab, switched):
    switch, host, peer = switched(children=2)
    router = router_elsewhere(lab, switch)
    wire = peer.wire()
    serve_quietly(host, wire, {"on_conflict": "always"},
                  parent={host.nic: {"path_probe": "200ms", "gateways": [ROUTER]}})
    victim, asker = host.children
    wait_until(lambda: (endpoint(host, victim)["path"] or {}).get("state") == "reachable", 5, "its path is known")
    answer_for_everyone(router)
    ask_from(asker, victim)
    wait_until(lambda: parties(host, victim) == {router.mac: "proxy"}, 5, lambda: parties(host, victim))
    wait_until(lambda: conflict(host, victim)["defences"] == 1, 5, "it is defended against once")


def test_defence_does_not_wait_behind_the_refreshes_of_two_hundred_others(lab, switched):
    switch, host, peer = switched()
    child = host.children[0]
    child.ns.ip_batch(f"addr add 10.77.2.{number}/16 dev {child.interface}" for number in range(1, 201))
    wire = peer.wire()
    host.start_arplined({"announce": {"on_conflict": "always", "refresh": "1s", "repeat": 1, "pps": 100}})
    rival = station(lab, switch, "rival")
    wait_until(lambda: len(host.status()["endpoints"]) == 201, 10, "all are known")
    wire.collect(3.0)
    contest(rival, child)
    found = wire.collect(1.0)
    order = [one.sha if one.spa == child.address else "another" for one in found if one.spa == one.tpa]
    claimed = order.index(rival.mac)
    assert child.mac in order[claimed:claimed + 12], f"not among the next: {order[claimed:claimed + 12]}"
    assert "another" in order[claimed:], "no refreshes went on; that it came first proves nothing"
