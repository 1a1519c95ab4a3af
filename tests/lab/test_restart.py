# SPDX-License-Identifier: Apache-2.0
"""The losses by a restart, a crash and an upgrade to another map ABI, and their leftovers."""
import json
import struct
from collections import Counter
from pathlib import Path

import pytest
from common import (CREDIT_WINDOW, Arplined, confirm, endpoint, exchange, frames, link_id, residue, run, verdict,
                    wait_known, who_has)
from containers import served

RATE = 400
KEEP = {"parent": {"nic0": {"on_stop": "keep"}}}
ABI_VERSION_AT = 0  # offset in `meta`, 32 bits


def asked(number):
    """One of 16 requesters: within a sixteenth of a second, an answer identifies its request."""
    return f"02:b3:00:00:00:{number % 16:02x}", f"10.77.4.{number % 16 + 1}"


def confirm_all(wire, host):
    for number in range(16):
        confirm(wire, host, host.children[0], mac=asked(number)[0], address=asked(number)[1])


def under_load(wire, host, steps, seconds):
    """steps: (at second, action). Returns the requests and the answers, by requester."""
    left, sent = list(steps), Counter()

    def next_frame(number):
        sent[asked(number)[1]] += 1
        return who_has(host.children[0], *asked(number))

    def on_tick(elapsed):
        while left and elapsed >= left[0][0]:
            left.pop(0)[1]()
    _, found = exchange(wire, next_frame, RATE, seconds, on_tick)
    assert not left, "it ended before everything was done"
    return sent, Counter(one.tpa for one in found if one.op == frames.REPLY)


def restart_with_keep(start, verdict_name, config=KEEP):
    host, _, daemon, wire = start(config=config)
    confirm_all(wire, host)
    later = []
    before = verdict(host, verdict_name)
    sent, answers = under_load(wire, host, [(1.0, daemon.process.terminate), (
        1.5, lambda: later.append(Arplined(host, config)))], 3.5)
    assert answers == sent, f"{sum(answers.values())} answers to {sum(sent.values())} requests"
    assert daemon.wait_exit() == 0 and later[0].running()
    assert verdict(host, verdict_name) - before > sum(sent.values()) / 2, "it was the kernel that answered"


@pytest.mark.alone
def test_restart_with_keep_loses_nothing_and_answers_nothing_twice(serve):
    restart_with_keep(serve, "ring")


@pytest.mark.alone
def test_restart_with_keep_loses_nothing_with_the_fast_path(serve_fast):
    restart_with_keep(serve_fast, "reflect")


def five_restarts(serve, config=KEEP):
    host, _, daemon, wire = serve(config=config)
    confirm_all(wire, host)
    daemons = [daemon]

    def again():
        daemons[-1].stop()
        daemons.append(Arplined(host, config))
    sent, answers = under_load(wire, host, [(0.5 + 0.8 * n, again) for n in range(5)], 5.0)
    assert answers == sent, f"{sum(answers.values())} answers to {sum(sent.values())} requests"


@pytest.mark.alone
def test_five_restarts_in_a_row_lose_nothing(serve):
    five_restarts(serve)


def kill_9_and_a_new_start(serve, config=None):
    host, _, daemon, wire = serve(config=config)
    confirm_all(wire, host)
    sent, answers = under_load(wire, host, [(1.0, daemon.process.kill), (1.5, lambda: Arplined(host, config))], 4.0)
    lost = sum(sent.values()) - sum(answers.values())
    assert 0 <= lost <= CREDIT_WINDOW, f"lost {lost}"
    assert not answers - sent, f"answered twice: {answers - sent}"


@pytest.mark.alone
def test_kill_9_and_a_new_start_lose_at_most_the_window(serve):
    kill_9_and_a_new_start(serve)


@pytest.mark.alone
def test_kill_9_with_the_fast_path_loses_nothing_and_leaves_it_to_the_kernel_when_the_lease_ends(serve_fast):
    host, _, daemon, wire = serve_fast()
    confirm_all(wire, host)
    at_kill = []

    def kill():
        daemon.kill9()
        at_kill.append(verdict(host, "reflect"))
    sent, answers = under_load(wire, host, [(0.5, kill)], 3.0)
    assert answers == sent, f"{sum(answers.values())} answers to {sum(sent.values())} requests"
    verdicts = host.status()["verdicts"]
    assert verdicts["reflect"] > at_kill[0] and verdicts["lease_expired"] > 0, verdicts
    host.start_arplined()
    before = verdict(host, "reflect")
    assert wire.replies(who_has(host.children[0], *asked(0)), 1.0)
    assert verdict(host, "reflect") == before + 1, "the pairs are forgotten"


# Upgrades.

def map_bytes(path) -> bytes:
    entry = json.loads(run("bpftool", "-j", "map", "dump", "pinned", path).stdout)[0]
    return bytes(int(byte, 16) for byte in entry["value"])


def other_abi(pins: str):
    """Makes `meta` name another version as the maps' creator."""
    value = bytearray(map_bytes(f"{pins}/meta"))
    struct.pack_into("=I", value, ABI_VERSION_AT, 9999)
    run("bpftool", "map", "update", "pinned", f"{pins}/meta", "key", *"0000", "value", *value)


def other_shape(pins: str, name: str):
    """Pins a map with another value size in place of this one."""
    Path(pins, name).unlink()
    run("bpftool", "map", "create", f"{pins}/{name}", "type", "array", "key", 4, "value", 24, "entries", 1, "name",
        name)


def foreign_name(pins: str):
    """Pins a map that this version no longer has."""
    run("bpftool", "map", "create", f"{pins}/old_map", "type", "array", "key", 4, "value", 8, "entries", 1, "name",
        "old_map")


def map_ids(pins: str):
    return {path.name: json.loads(run("bpftool", "-j", "map", "show", "pinned", path).stdout)["id"]
            for path in Path(pins).iterdir() if path.name != "ingress_link"}


def upgrade(serve, change, leaves=()):
    """Starts on pins of another version: it must make new maps on the same link and leave nothing of the old ones."""
    host, peer, daemon, wire = serve(children=2)
    confirm(wire, host, *host.children)
    pins = host.status()["pins"]
    daemon.kill9()
    before, link, names = map_ids(pins), link_id(pins), {path.name for path in Path(pins).iterdir()}
    change(pins)
    second = host.start_arplined()
    assert host.status()["pins"] == pins and link_id(pins) == link, "the program was attached anew"
    after = map_ids(pins)
    assert not set(before.values()) & set(after.values()), "an old map is still in use"
    assert {path.name for path in Path(pins).iterdir()} == names
    wait_known(host, *host.children)
    for child in host.children:
        served(wire, host, child)
    assert second.stop() == 0
    assert residue(host) == list(leaves), residue(host)
    assert peer.ping(host.children[0].address).answered == 3


def test_maps_of_another_abi_are_replaced_on_the_same_link(serve):
    upgrade(serve, other_abi)


def test_maps_of_another_abi_with_names_and_shapes_of_their_own_are_replaced(serve):
    def change(pins):
        other_abi(pins)
        other_shape(pins, "slots")
        foreign_name(pins)
    upgrade(serve, change)


def test_map_of_another_shape_is_not_taken_over(serve):
    upgrade(serve, lambda pins: other_shape(pins, "slots"))


def test_map_that_is_missing_is_made_anew(serve):
    upgrade(serve, lambda pins: Path(pins, "limits").unlink())


def test_pins_without_meta_are_replaced(serve):
    """Only meta records who made the qdisc; without it the qdisc may be somebody else's and stays."""
    upgrade(serve, lambda pins: Path(pins, "meta").unlink(), leaves=("a clsact qdisc on the parent",))


@pytest.mark.alone
def test_upgrade_to_another_abi_under_load_loses_at_most_the_window(serve):
    host, _, daemon, wire = serve(config=KEEP)
    confirm_all(wire, host)
    pins, later = host.status()["pins"], []

    def stop():
        assert daemon.stop() == 0
        other_abi(pins)
    sent, answers = under_load(wire, host, [(1.0, stop), (1.5, lambda: later.append(Arplined(host, KEEP)))], 4.0)
    lost = sum(sent.values()) - sum(answers.values())
    assert 0 <= lost <= CREDIT_WINDOW, f"lost {lost}"
    later[0].wait_serving()
    ringed = endpoint(host, host.children[0])["ringed"]
    assert ringed > 0, "it does not answer"


def test_detach_of_another_abis_pins_leaves_nothing(serve):
    host, peer, daemon, wire = serve()
    confirm(wire, host, host.children[0])
    pins = host.status()["pins"]
    daemon.kill9()
    other_abi(pins)
    done = host.arpline("detach", host.nic)
    assert done.returncode == 0, done.stderr
    assert not residue(host), residue(host)
    assert peer.ping(host.children[0].address).answered == 3


def test_containers_that_went_while_no_daemon_ran_are_no_longer_in_the_table(serve):
    host, _, daemon, wire = serve(children=3)
    stays, goes, changes = host.children
    confirm(wire, host, stays, goes, changes)
    daemon.kill9()
    goes.delete()
    changes.link("address", "02:a7:00:00:77:77")
    comes = host.add_child()
    host.start_arplined()
    assert endpoint(host, stays)["state"] == "confirmed", "the table was emptied"
    assert endpoint(host, goes) is None and endpoint(host, comes)
    assert endpoint(host, changes)["mac"] == "02:a7:00:00:77:77"
    assert endpoint(host, changes)["state"] == "waiting", "the old MAC's kernel has confirmed it"
