# SPDX-License-Identifier: Apache-2.0
"""Changes of containers and their parent: arpline follows each change, and reports each end with its trail."""
import json
import re
import signal
from types import SimpleNamespace

import pytest
from common import announcements, confirm, endpoint, exchange, frames, verdict, wait_state, wait_until, who_has
from containers import macs_that_answer, served

QUICK = {"announce": {"refresh": "1s"}}


def buried(host, child):
    """The newest record of it in `arpline status --gone`."""
    def found():
        said = json.loads(host.arpline("status", "--gone", "--json").stdout)
        return next((one for one in said["gone"] if one["address"] == child.address), None)
    return wait_until(found, 5, f"{child.address} is among the gone")


def trail(tombstone):
    return [one["event"] for one in tombstone["trail"]]


# Containers.

def test_address_that_moves_to_another_container_is_answered_with_the_new_ones_mac(serve):
    host, _, _, wire = serve(children=2)
    giver, taker = host.children
    confirm(wire, host, giver, taker)
    giver.remove_address()
    taker.add_address(f"{giver.address}/16")
    moved = SimpleNamespace(address=giver.address, mac=taker.mac, vlan=0)
    assert served(wire, host, moved)["namespace"] == taker.ns.name
    served(wire, host, taker)


def test_renamed_interface_is_served_on_under_its_new_name(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    child.link("name", "lan7")
    wait_until(lambda: endpoint(host, child)["interface"] == "lan7", 5, "the new name is shown")
    served(wire, host, child)


def test_container_whose_processes_are_stopped_is_answered_on(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    process = child.ns.spawn("sleep", 60)
    confirm(wire, host, child)
    process.send_signal(signal.SIGSTOP)
    for _ in range(5):
        assert macs_that_answer(wire, child) == {child.mac}
    assert endpoint(host, child)["state"] == "confirmed" and endpoint(host, child)["ringed"] >= 5


def test_new_mac_is_told_in_the_status_and_the_old_mac_is_no_longer_ours(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    old, new = child.mac, "02:a7:00:00:77:77"
    child.link("address", new)
    wait_until(lambda: endpoint(host, child)["mac"] == new, 5, "the new MAC is known")
    before = verdict(host, "own_mac")
    assert wire.replies(who_has(child, old), 1.0), "who has the old MAC now is somebody else"
    assert verdict(host, "own_mac") == before
    wire.replies(who_has(child, new), 0.2)
    assert verdict(host, "own_mac") == before + 1


# Records of vanished endpoints.

def test_removed_address_is_told_with_the_time_since_it_came_up(serve):
    host, _, daemon, wire = serve()
    child = host.add_child()
    confirm(wire, host, child)
    child.link("down")  # on a busy machine a new interface is up with its address before arplined has found it
    wait_state(host, child, "not_served", reason="down")
    child.link("up")
    confirm(wire, host, child)
    wire.collect(1.0)
    child.remove_address()
    tombstone = buried(host, child)
    told = re.fullmatch(r"address removed (\d+\.\d) s after up", tombstone["reason"])
    assert told and 0.9 <= float(told[1]) < 20, tombstone
    assert tombstone["namespace"] == child.ns.name and tombstone["interface"] == child.interface, tombstone
    assert tombstone["mac"] == child.mac and tombstone["lived_seconds"] >= 0.9, tombstone
    assert f"withdrew {child.address}" in daemon.log and tombstone["reason"] in daemon.log, daemon.log


def test_end_of_a_container_that_was_created_inside_its_namespace_is_told_with_the_time_since_it_came_up(serve):
    host, _, _, wire = serve(children=0)
    child = host.add_child(created_inside=True)
    confirm(wire, host, child)
    child.delete()
    tombstone = buried(host, child)
    assert re.fullmatch(r"namespace destroyed \d+\.\d s after up", tombstone["reason"]), tombstone


def test_trail_of_an_end_is_in_the_order_in_which_it_happened(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    child.link("down")
    wait_state(host, child, "not_served", 5, "down")
    child.remove_address()
    wait_state(host, child, None, 5)
    child.delete()
    expected = ["link down", f"address {child.address} removed", "namespace destroyed"]
    wait_until(lambda: trail(buried(host, child))[-3:] == expected, 5, lambda: trail(buried(host, child)))
    ages = [one["seconds_ago"] for one in buried(host, child)["trail"]]
    assert ages == sorted(ages, reverse=True), ages


def test_destroyed_namespace_deleted_interface_and_move_are_told_apart(lab, serve):
    host, _, _, wire = serve(children=3)
    destroyed, deleted, moved = host.children
    confirm(wire, host, destroyed, deleted, moved)
    box = lab.namespace("box")
    destroyed.delete()
    deleted.ns.ip("link", "del", deleted.interface)
    moved.ns.ip("link", "set", moved.interface, "netns", box.name)
    for child, words in ((destroyed, "namespace destroyed"), (deleted, "interface deleted"),
                         (moved, "moved to another namespace")):
        assert buried(host, child)["reason"].startswith(words), buried(host, child)
    said = host.arpline("status", "--gone").stdout
    assert all(child.address in said for child in (destroyed, deleted, moved)), said


@pytest.mark.timeout(90)
def test_no_more_than_the_last_1024_ends_are_remembered(serve):
    host, _, _, _ = serve()
    child = host.children[0]
    for what in ("add", "del"):
        child.ns.ip_batch([f"addr {what} 10.77.{100 + n // 250}.{n % 250}/32 dev {child.interface}"
                           for n in range(1100)])
        expected = 1101 if what == "add" else 1
        wait_until(lambda count=expected: len(host.status()["endpoints"]) == count, 20, f"{expected} endpoints")
    child.remove_address()
    wait_state(host, child, None, 5)
    told = json.loads(host.arpline("status", "--gone", "--json").stdout)["gone"]
    assert len(told) == 1024 and told[0]["address"] == child.address, "the newest comes first"
    ages = [one["seconds_ago"] for one in told]
    assert ages == sorted(ages), "the order is not kept"


# Two with one address.

def twins(serve, config=None):
    """The second container configures the address of the first, which is served."""
    host, _, daemon, wire = serve(children=1, config=config)
    first = host.children[0]
    confirm(wire, host, first)
    second = host.add_child(f"{first.address}/16")
    wait_until(lambda: endpoint(host, first)["also_at"], 5, "the second one is reported")
    return host, daemon, wire, first, second


def test_container_stays_served_when_another_gives_itself_its_address_and_the_other_is_reported(serve):
    host, daemon, wire, first, second = twins(serve, QUICK)
    entry = endpoint(host, first)
    assert second.ns.name in entry["also_at"] and second.mac in entry["also_at"], entry
    assert entry["mac"] == first.mac and entry["state"] == "confirmed", entry
    said = next(line for line in daemon.log.splitlines() if "is also at" in line)
    # The line may come before discovery knows the names of their namespaces.
    assert first.mac in said and second.mac in said, said
    assert "reconfigured" not in daemon.log and "withdrew" not in daemon.log, daemon.log
    before = host.status()["verdicts"]
    for _ in range(5):
        assert [one.sha for one in wire.replies(who_has(first), 0.3, 0)] == [first.mac]
    after = host.status()["verdicts"]
    assert after["not_served"] == before["not_served"] and after["ring"] == before["ring"] + 5
    assert announcements(wire.collect(2.5), first), "it is announced as before"


def test_also_at_is_over_once_the_other_with_the_address_is_gone(serve):
    host, _, wire, first, second = twins(serve)
    second.delete()
    wait_until(lambda: endpoint(host, first)["also_at"] is None, 5, "it is at one place only")
    served(wire, host, first)


def test_second_container_with_an_address_is_served_once_the_first_is_gone(serve):
    host, _, wire, first, second = twins(serve)
    first.delete()
    assert served(wire, host, second)["namespace"] == second.ns.name


def test_two_that_had_one_address_before_arplined_came_are_left_to_their_kernels_until_one_is_left(wired):
    host, peer = wired(children=1)
    first = host.children[0]
    second = host.add_child(f"{first.address}/16")
    host.start_arplined()
    wait_state(host, first, "not_served", 5, "duplicate")
    wire = peer.wire()
    assert {one.sha for one in wire.replies(who_has(first), 0.5, 0)} == {first.mac, second.mac}, "both answer"
    second.delete()
    wait_until(lambda: macs_that_answer(wire, first) == {first.mac}, 5, "the other's kernel falls silent")
    served(wire, host, first)


def test_who_was_served_before_a_restart_is_served_after_it_though_another_took_its_address_meanwhile(serve):
    host, _, daemon, wire = serve(children=1, config='[parent.nic0]\non_stop = "keep"\n')
    first = host.children[0]
    confirm(wire, host, first)
    assert daemon.stop() == 0
    second = host.add_child(f"{first.address}/16", mac="02:00:00:00:00:01")
    host.start_arplined('[parent.nic0]\non_stop = "keep"\n')
    wait_until(lambda: (endpoint(host, first) or {}).get("also_at"), 5, "both are known")
    entry = endpoint(host, first)
    assert entry["mac"] == first.mac and entry["state"] == "confirmed", entry
    assert second.mac in entry["also_at"], entry


def test_container_that_gives_itself_all_its_siblings_addresses_takes_no_answer_away(serve):
    siblings = 16
    host, _, _, wire = serve(children=siblings)
    robbed = list(host.children)
    confirm(wire, host, *robbed)
    thief = host.add_child()
    thief.ns.ip_batch([f"addr add {one.address}/16 dev {thief.interface}" for one in robbed])
    wait_until(lambda: endpoint(host, robbed[-1])["also_at"], 10, "the thief is reported")
    sent, found = exchange(wire, lambda n: who_has(robbed[n % siblings]), 400, 2.0)
    answers = [one for one in found if one.op == frames.REPLY]
    right = {one.address: one.mac for one in robbed}
    assert len(answers) == sent, f"{len(answers)} of {sent}"
    assert all(one.sha == right[one.spa] for one in answers), "the thief is answered for"
