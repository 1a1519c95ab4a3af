# SPDX-License-Identifier: Apache-2.0
"""`arpline limit` shows the limits in force, and changes them in the running daemon until the next reload."""
import json

import pytest
from common import REQUESTER_MAC, confirm, exchange, frames, verdict, wait_known, wait_until, who_has
from test_reload import reload

RATE = 500
HOST_ADDRESS = "10.77.0.1"


def limits(host, *words):
    """The limits of the only parent by name."""
    done = host.arpline("limit", *words, "--json")
    assert done.returncode == 0, done.stderr
    return {one["name"]: one for one in json.loads(done.stdout)["parents"][0]["limits"]}


def refused(host, *words, expect, code=1):
    done = host.arpline("limit", *words)
    lines = (done.stdout + done.stderr).strip().splitlines()
    assert done.returncode == code and len(lines) == 1, done
    for word in expect:
        assert word in lines[0], f"{word!r} is not in: {lines[0]}"


def stranger(number):
    """A requester that arpline has not seen before."""
    return {"mac": f"02:b2:00:00:{number >> 8:02x}:{number & 255:02x}",
            "address": f"10.77.{64 + (number >> 8)}.{number & 255}"}


class During:
    """Sets a limit at given times of an exchange; `counts` has a verdict's counter before and after each change."""

    def __init__(self, host, name, counted, *steps):
        self.host, self.name, self.counted, self.steps, self.counts = host, name, counted, list(steps), []

    def __call__(self, elapsed):
        if self.steps and elapsed > self.steps[0][0]:
            self.counts.append(verdict(self.host, self.counted))
            limits(self.host, self.name, self.steps.pop(0)[1])
            self.counts.append(verdict(self.host, self.counted))


def answers(found, address):
    return sum(one.op == frames.REPLY and one.spa == address and one.eth_dst == REQUESTER_MAC for one in found)


@pytest.mark.alone
def test_limit_changed_in_a_flood_counts_at_once_and_a_confirmed_pair_loses_no_answer(wired):
    host, peer = wired(2)
    peer.load_pass_program()
    host.start_arplined({"limits": {"to_child": 20}})
    wait_known(host, *host.children)
    wait_until(lambda: host.status()["fast_path"] == "on", 5, "the fast path is on")
    wire = peer.wire()
    confirm(wire, host, *host.children)
    known, flooded = host.children
    during = During(host, "to_child", "to_child_new", (0.7, "0"), (1.4, "100"))
    before = verdict(host, "to_child_new")
    sent, found = exchange(wire, lambda n: who_has(flooded, **stranger(n)) if n % 2 else who_has(known), RATE, 2.2,
                           during)
    at_20, at_0, until_100, _ = during.counts
    assert before < at_20, "the flood did not reach the child"
    assert at_0 == until_100, f"{until_100 - at_0} went to the child above a limit of 0"
    assert verdict(host, "to_child_new") > until_100, "nothing went to the child above a limit of 100"
    assert answers(found, known.address) == (sent + 1) // 2


def test_limit_on_foreign_drops_what_nobody_here_answers_for_and_nothing_else(serve):
    host, _, _, wire = serve()
    host.address(f"{HOST_ADDRESS}/16")
    assert wire.replies(frames.arp(eth_src=REQUESTER_MAC, spa="10.77.0.9", tpa=HOST_ADDRESS), 1.0)

    def frame(number):
        target = HOST_ADDRESS if number % 4 == 0 else f"10.77.200.{number % 250}"
        return frames.arp(eth_src=REQUESTER_MAC, spa="10.77.0.9", tpa=target)
    during = During(host, "foreign", "foreign_limited", (0.6, "10"), (1.4, "off"))
    sent, found = exchange(wire, frame, RATE, 2.0, during)
    unlimited, _, dropped, at_off = during.counts
    assert unlimited == 0, "dropped, and nobody had asked for it"
    assert dropped > 0, "nothing was dropped"
    assert verdict(host, "foreign_limited") == at_off, "dropped after the limit was taken away"
    assert answers(found, HOST_ADDRESS) == (sent + 3) // 4, "the host's own address"


def test_limits_say_where_they_come_from_and_a_reload_puts_back_what_the_file_says(serve):
    host, _, daemon, _ = serve(config={"limits": {"to_child": 7}})
    assert {name: one["from"] for name, one in limits(host).items() if one["from"] != "default"} == \
        {"to_child": "file"}
    limits(host, "to_child", "9")
    limits(host, "foreign", "10", "--parent", host.nic)
    now = limits(host)
    assert (now["to_child"]["rate"], now["to_child"]["from"]) == (9, "set")
    assert now["to_child_source"]["rate"] == 3, "a quarter of it, rounded up"
    assert host.status()["limits"] == {name: one["rate"] for name, one in now.items()}
    assert "limit to_child is 9 now, it was 7" in daemon.log
    assert limits(host, "foreign", "--reset")["foreign"]["rate"] is None
    assert limits(host, "to_child")["to_child"]["rate"] == 9, "only the one that is named"
    reload(host, daemon, {"limits": {"to_child": 8}})
    now = limits(host)
    assert (now["to_child"]["rate"], now["to_child"]["from"]) == (8, "file")


def test_wrong_limits_are_refused_in_one_line_and_change_nothing(serve):
    host, _, daemon, _ = serve()
    before = limits(host)
    refused(host, "to_chidl", "5", expect=("to_chidl", "to_child, to_child_source", "foreign"))
    refused(host, "to_child", "off", expect=("to_child", "0 to 1000000000"))
    refused(host, "foreign", "many", expect=("foreign", '"off"'))
    assert limits(host) == before
    refused(host, "--parent", "nosuch0", expect=("no arplined runs", "nosuch0"), code=3)
    daemon.sigstop()
    refused(host, "to_child", "5", expect=("does not answer",), code=3)
    daemon.sigcont()
    wait_until(lambda: host.status()["daemon"], 5, "it goes on")
    daemon.stop()
    refused(host, "to_child", "5", expect=("no arplined runs",), code=3)
