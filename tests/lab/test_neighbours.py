# SPDX-License-Identifier: Apache-2.0
"""The neighbour table, which the host shares with all its containers: who may fill it, and who is reported for it."""
import itertools
import json
import time

import pytest
from common import Lab, confirm, frames, verdict, wait_until, who_has
from doctor import doctor
from lab.scenes import datagrams
from lab.scenes.neighbours import SCAN_BURST, SCANNED, make_room
from test_limit import stranger
from test_parents import Second, status_of, two_parents

LIMIT = 1024
ROOM = 384  # three quarters of gc_thresh3 - gc_thresh2, as Linux has them
OTHERS = 24  # entries by the lab's own pings and gateway probes
STAYS_SECONDS = 5.0
PAIRS_PER_MS = 1
ROUTES = 930  # as many as a host of an overlay network has
THRESHOLDS = "/proc/sys/net/ipv4/neigh/default/gc_thresh"


def counters() -> dict:
    with open("/proc/net/stat/arp_cache", encoding="ascii") as file:
        names, *rows = [line.split() for line in file]
    found = {name: sum(int(row[column], 16) for row in rows) for column, name in enumerate(names)}
    return {**found, "entries": int(rows[0][0], 16)}  # this column is a total, not per CPU


def thresholds_are_linux():
    for number, value in ((2, 512), (3, LIMIT)):
        with open(f"{THRESHOLDS}{number}", encoding="ascii") as file:
            assert int(file.read()) == value, f"this test is about gc_thresh{number} = {value}"


def forged(child, subnet, number):
    """An announcement of an unused address, then a who-has from it: the requester counts as a trusted one."""
    mac, address = f"02:b3:{subnet:02x}:00:{number >> 8 & 255:02x}:{number & 255:02x}", \
        f"10.{subnet}.{64 + (number >> 8)}.{number & 255}"
    return (frames.arp(eth_src=mac, spa=address, tpa=address), who_has(child, mac, address))


def flood(victims, seconds):
    """victims: (wire, child, subnet). Returns samples of the neighbour table's counters, by time."""
    numbers = [itertools.count(1) for _ in victims]
    start, told, sent = time.monotonic(), [], 0
    while (elapsed := time.monotonic() - start) < seconds:
        while sent < elapsed * 1000 * PAIRS_PER_MS:
            for (wire, child, subnet), number in zip(victims, numbers):
                for frame in forged(child, subnet, next(number) % 30_000):
                    wire.send(frame)
            sent += 1
        for wire, _, _ in victims:
            wire.arrived()
        told.append((elapsed, counters()))
        time.sleep(0.02)
    return told


def most_made(told) -> int:
    """The most entries made within any 5 s."""
    return max(last["allocs"] - first["allocs"] for at, first in told for end, last in told
               if at <= end <= at + STAYS_SECONDS)


def flooded_pair(lab, config, seconds):
    host, wire, second, other_wire, daemon = two_parents(lab, config)
    second.peer.address("10.78.0.1/16")
    confirm(wire, host, host.children[0])
    confirm(other_wire, second, second.child, address=second.requester)
    time.sleep(1.2)  # arplined checks each parent's share once a second
    before = counters()
    told = flood([(wire, host.children[0], 77), (other_wire, second.child, 78)], seconds)
    return host, second, daemon, before, told


@pytest.mark.alone
@pytest.mark.timeout(120)
def test_forged_announcements_at_two_parents_leave_room_in_the_neighbour_table(lab):
    thresholds_are_linux()
    make_room(seconds=20)
    with Lab() as without_a_share:
        host, second, _, _, told = flooded_pair(without_a_share, {"limits": {"host_share": "off"}}, 3)
        made = most_made(told)
        assert made > LIMIT - 512, f"the flood makes only {made} entries, whatever the limits are"
        for child in (*host.children, second.child):
            child.ns.ip("neigh", "flush", "all")
    make_room(seconds=20)
    time.sleep(STAYS_SECONDS)
    host, second, daemon, before, told = flooded_pair(lab, None, 14)
    made, after = most_made(told), counters()
    assert made <= ROOM + OTHERS, f"{made} entries in 5 s"
    assert verdict(host, "to_child_new") > 50 and verdict(second, "to_child_new") > 50, "little was handed over"
    assert after["table_fulls"] == before["table_fulls"], "the kernel had no room for an entry"
    for child, gateway in ((host.children[0], "10.77.0.1"), (second.child, "10.78.0.1")):
        child.ns.ip("neigh", "del", gateway, "dev", child.interface, check=False)
        assert child.ping(gateway, count=1).answered == 1, f"{child.address} does not find its gateway"
    assert "nearly full" not in daemon.log, daemon.log


def in_force(host, parent, name="to_child"):
    done = host.arpline("limit", name, "--parent", parent, "--json")
    return json.loads(done.stdout)["parents"][0]["limits"][0]["in_force"]


@pytest.mark.alone
def test_parents_share_the_room_whichever_daemon_serves_them_and_get_it_back(lab, serve):
    thresholds_are_linux()
    host, _, daemon, _ = serve()
    alone = status_of(host, host.nic)["neighbours"]
    assert (alone["parents"], alone["room"]) == (1, ROOM), alone
    rate = in_force(host, host.nic)
    assert 0 < rate < 100, rate
    assert f"there is room for {ROOM} in the neighbour table" in daemon.log
    second = Second(lab, host)
    second.add_child()
    host.nic, first = second.nic, host.nic
    other = host.start_arplined()
    host.nic = first
    for nic in (first, second.nic):
        wait_until(lambda one=nic: status_of(host, one)["neighbours"]["room"] == ROOM // 2, 5,
                   f"{nic} has its half")
        assert abs(in_force(host, nic) - rate / 2) < 0.2
    text = host.arpline("limit", "--parent", first).stdout
    assert "IN FORCE" in text and f"room for {ROOM // 2}" in text, text
    other.stop()
    wait_until(lambda: in_force(host, first) == rate, 5, "it has all of it again")


def test_limit_beyond_the_room_is_capped(serve):
    host, _, _, _ = serve()
    room = status_of(host, host.nic)["neighbours"]["room"]
    done = host.arpline("limit", "to_child", "1000000")
    assert f"room for {room}" in done.stdout and "gc_thresh3" in done.stdout, done.stdout
    assert in_force(host, host.nic) * 10 <= room


def test_limit_beyond_the_room_is_in_force_when_the_configuration_says_so(serve):
    host, _, _, _ = serve(config={"limits": {"host_share": "off", "to_child": 5000}})
    assert in_force(host, host.nic) == 5000


@pytest.mark.alone
@pytest.mark.timeout(90)
def test_permanent_entries_do_not_fill_the_neighbour_table(serve):
    thresholds_are_linux()
    host, _, daemon, wire = serve()
    child = host.children[0]
    host.ns.ip_batch([f"neigh replace 10.200.{n // 250}.{1 + n % 250} lladdr 02:ee:00:00:00:01 nud permanent "
                      f"dev {host.nic}" for n in range(ROUTES)])
    assert counters()["entries"] >= ROUTES
    time.sleep(2.5)
    before = verdict(host, "to_child_new")
    assert wire.replies(who_has(child, **stranger(7)), 1.0), "a new requester is answered"
    assert verdict(host, "to_child_new") == before + 1, "by the container's kernel"
    status = host.status()
    assert not any("neighbour table" in text for text in status["warnings"]), status["warnings"]
    assert status["neighbours"]["not_counted"] >= ROUTES and not status["neighbours"]["full"], status["neighbours"]
    assert "neighbour table is" not in daemon.log
    assert not [one for one in doctor(host)[1]["findings"] if one["id"] == "neighbour_table"]


@pytest.mark.alone
@pytest.mark.timeout(90)
def test_permanent_entries_without_number_are_not_gone_through(serve):
    host, _, daemon, _ = serve(children=2)
    holder = host.children[0]
    holder.ns.ip_batch([f"neigh replace 10.{100 + (n >> 16)}.{n >> 8 & 255}.{n & 255} lladdr 02:ee:00:00:00:01 "
                        f"nud permanent dev {holder.interface}" for n in range(132_000)])
    try:
        wait_until(lambda: host.status()["neighbours"]["entries"] > 131_072, 10, "the daemon knows of them")
        time.sleep(1.1)
        status, table = host.status(), host.status()["neighbours"]
        assert table["not_counted"] is None and not table["full"], table
        assert status["lease"] == "live" and "neighbour table is" not in daemon.log
    finally:
        holder.ns.ip("link", "del", holder.interface)


@pytest.mark.alone
@pytest.mark.timeout(90)
def test_container_that_fills_the_neighbour_table_is_named_at_once(serve_fast):
    thresholds_are_linux()
    make_room(seconds=20)
    host, _, daemon, _ = serve_fast(children=3)
    scanner = host.children[1]
    place = f"{scanner.ns.name}/{scanner.interface}"
    scanned = itertools.cycle(str(SCANNED[number]) for number in range(1, SCANNED.num_addresses - 1))
    with datagrams.sending(scanner, scanned, size=0, burst=SCAN_BURST, gap_seconds=0.01):
        def named():
            return [text for text in host.status()["warnings"] if "neighbour table is nearly full" in text]
        wait_until(named, 5, "the status says that the table is full")
        wait_until(lambda: f"held by {place} " in daemon.log, 5, lambda: f"the log names {place}: {daemon.log}")
        assert f"held by {place} " in named()[0], named()
        holder = host.status()["neighbours"]["holders"][0]
        assert f"{holder['namespace']}/{holder['interface']}" == place and holder["entries"] > LIMIT / 2, holder
        told = [one for one in doctor(host)[1]["findings"] if one["id"] == "neighbour_table"]
        assert told and scanner.ns.name in told[0]["evidence"].split("held by: ")[1].split(",")[0], told
        time.sleep(3)
    assert daemon.log.count("is nearly full") == 1, daemon.log
    scanner.ns.ip("neigh", "flush", "all", check=False)
    wait_until(lambda: "no longer nearly full" in daemon.log, 20, "and says when it is over")
