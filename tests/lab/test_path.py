# SPDX-License-Identifier: Apache-2.0
"""Path probes: who-has for the gateway from the container's own MAC and address, and the reports of a failure."""
import time

from common import endpoint, frames, wait_known, wait_until
from lab.wire import Wire
from switched import serve_quietly, station, switched

GATEWAY = "10.77.0.254"
PERIOD_SECONDS = 0.2
PROBED = {"path_probe": f"{int(PERIOD_SECONDS * 1000)}ms"}
NEW_MAC = "02:cc:00:00:00:02"
LOST_SECONDS = 10  # three probes, each with a second for its answer


def with_gateway(lab, route=True, probed=None, **child_options):
    """A container and its gateway, both at a switch. Returns (switch, host, gateway, daemon)."""
    switch, host, peer = switched(lab, **child_options)
    gateway = station(lab, switch, "gateway", f"{GATEWAY}/16")
    if route:
        for child in host.children:
            child.ns.ip("route", "add", "default", "via", GATEWAY)
    daemon = serve_quietly(host, peer.wire(), parent={host.nic: {**PROBED, **(probed or {})}})
    return switch, host, gateway, daemon


def path(host, child=None):
    return (endpoint(host, child or host.children[0]) or {}).get("path")


def wait_path(host, state, seconds=5.0, child=None, **fields):
    """Waits until the path has that state and these fields. Returns it."""
    def reached():
        now = path(host, child)
        return now and now["state"] == state and all(now[key] == value for key, value in fields.items()) and now
    return wait_until(reached, seconds, lambda: f"{state} {fields}; it is {path(host, child)}")


def asked(found, child):
    """The container's who-has for its gateway among the frames."""
    return [one for one in found if (one.op, one.eth_src, one.sha, one.spa, one.tpa) ==
            (frames.REQUEST, child.mac, child.mac, child.address, GATEWAY)]


def reported(daemon, host, words):
    line = f"{host.nic}: {host.children[0].address} {words}"
    wait_until(lambda: line in daemon.log, 5, lambda: f"{line!r} is logged: {daemon.log}")


def test_gateway_of_the_default_route_is_asked_by_unicast_every_period(lab):
    _, host, gateway, _ = with_gateway(lab)
    child, wire = host.children[0], gateway.wire()
    now = wait_path(host, "reachable", gateway=GATEWAY, gateway_mac=gateway.mac)
    assert now["rtt_ms"] is not None and 0 < now["rtt_ms"] < 1000, now
    assert now["answered_seconds_ago"] is not None, now
    wire.arrived()
    found = asked(wire.collect(10 * PERIOD_SECONDS), child)
    assert {one.eth_dst for one in found} == {gateway.mac}, found
    assert 8 <= len(found) <= 12, f"{len(found)} in ten periods"
    answered = path(host)["answered_seconds_ago"]
    assert answered is not None and answered < 2, "the answers are not seen any more"
    assert host.status()["sent"]["asked"] >= len(found)


def test_configured_gateway_is_asked_instead_the_first_in_the_subnet(lab):
    _, host, gateway, _ = with_gateway(lab, route=False, probed={"gateways": ["10.99.0.1", GATEWAY, "10.77.0.253"]})
    host.children[0].ns.ip("route", "add", "default", "via", "10.77.0.253")
    wait_path(host, "reachable", gateway=GATEWAY, gateway_mac=gateway.mac)


def test_container_without_a_gateway_has_no_path(serve):
    host, _, _, wire = serve(config={"parent": {"nic0": PROBED}})
    found = wire.collect(2.0)
    assert path(host) is None, path(host)
    assert not [one for one in found if one.spa == host.children[0].address != one.tpa], found


def test_new_container_gets_its_route_after_its_address(lab, switched):
    switch, host, _ = switched(children=0)
    gateway = station(lab, switch, "gateway", f"{GATEWAY}/16")
    host.start_arplined({"parent": {host.nic: PROBED}})
    child = host.add_child()
    wait_known(host, child)
    child.ns.ip("route", "add", "default", "via", GATEWAY)
    wait_path(host, "reachable", 10, gateway=GATEWAY, gateway_mac=gateway.mac)


def test_switch_that_drops_the_containers_mac_is_told_from_a_dead_gateway(lab):
    switch, host, gateway, daemon = with_gateway(lab)
    wait_path(host, "reachable")
    switch.lock(host, host.mac)
    wait_path(host, "lost", LOST_SECONDS, host_reaches_gateway=True)
    reported(daemon, host, f"does not reach its gateway {GATEWAY} any more")
    assert gateway.ping(host.children[0].address, 1).answered == 0
    switch.unlock(host)
    wait_path(host, "reachable", 5)
    reported(daemon, host, f"reaches its gateway {GATEWAY} again")
    assert gateway.ping(host.children[0].address).answered == 3


def test_gateway_that_is_gone_is_reached_by_nobody(lab):
    switch, host, gateway, daemon = with_gateway(lab)
    wait_path(host, "reachable")
    wire = Wire(switch.ns, "host")
    lab.closing(wire)
    gateway.ns.ip("link", "set", gateway.nic, "down")
    wait_path(host, "lost", LOST_SECONDS, host_reaches_gateway=False)
    reported(daemon, host, f"does not reach its gateway {GATEWAY} any more")
    seen = wire.arrived()
    tries = [one.eth_dst for one in asked(seen, host.children[0])]
    assert frames.BROADCAST in tries, tries
    assert [one for one in seen if one.announcement and one.sha == host.children[0].mac], "no announcement between"
    as_host = [one for one in seen if one.sha == host.mac and one.tpa == GATEWAY]
    assert as_host and {one.spa for one in as_host} == {"0.0.0.0"}, "the host asks without an address of its own"
    gateway.ns.ip("link", "set", gateway.nic, "up")
    wait_path(host, "reachable", 5)


def test_gateway_with_a_new_mac_is_found_again(lab):
    _, host, gateway, _ = with_gateway(lab)
    wait_path(host, "reachable", gateway_mac=gateway.mac)
    gateway.ns.ip("link", "set", gateway.nic, "address", NEW_MAC)
    wait_path(host, "reachable", 8, gateway_mac=NEW_MAC)
    wire = gateway.wire()
    found = asked(wire.collect(5 * PERIOD_SECONDS), host.children[0])
    assert found and {one.eth_dst for one in found} == {NEW_MAC}, found


def test_mac_that_flaps_between_two_ports_is_seen_outside_and_the_container_reachable_afterwards(lab):
    switch, host, gateway, _ = with_gateway(lab)
    child = host.children[0]
    wait_path(host, "reachable")
    assert endpoint(host, child)["seen_outside"] is None
    twin = station(lab, switch, "twin").wire()
    for _ in range(20):
        twin.send(frames.arp(eth_src=child.mac, spa="10.77.9.9", tpa="10.77.9.8"))
        twin.collect(PERIOD_SECONDS / 2)
    over = time.monotonic()
    seen = wait_until(lambda: endpoint(host, child)["seen_outside"], 5, "it is seen outside")
    assert seen["times"] >= 2 and seen["first_seconds_ago"] >= seen["last_seconds_ago"], seen
    wait_until(lambda: endpoint(host, child)["path"]["answered_seconds_ago"] < time.monotonic() - over, 5,
               "it has asked since, and was answered")
    assert gateway.ping(child.address, 5).answered == 5


def test_own_broadcasts_that_a_switch_reflects_for_vepa_are_no_alarm(lab):
    switch, host, gateway, daemon = with_gateway(lab, mode="vepa", children=2)
    switch.ns.run("bridge", "link", "set", "dev", "host", "hairpin", "on")
    child, other = host.children
    assert child.ping(other.address).answered == 3, "the switch does not reflect: this proves nothing"
    for one in host.children:
        wait_path(host, "reachable", child=one)
    before = daemon.log
    child.ns.run("arping", "-c", "3", "-W", "0.1", "-i", child.interface, "10.77.9.9", check=False)
    wait_path(host, "reachable", child=child)
    assert endpoint(host, child)["seen_outside"] is None, endpoint(host, child)["seen_outside"]
    assert endpoint(host, child)["state"] != "not_served", endpoint(host, child)
    said = daemon.log.removeprefix(before).splitlines()
    assert not [line for line in said if "the neighbour table" not in line], daemon.log  # it is shared with other labs
    assert gateway.ping(child.address).answered == 3
