# SPDX-License-Identifier: Apache-2.0
"""`arpline watch` tells live who asks whom, what arpline made of it, and what it left out."""
import json
import re
import signal
import subprocess
import threading
import time

import pytest
from common import REQUESTER, REQUESTER_MAC, arpline, confirm, frames, run, wait_known, wait_until, who_has
from trunk import served

OTHER, OTHER_MAC = "10.77.0.10", "02:b0:00:00:00:02"
MOST_LINES_A_SECOND = 1_000


class Watching:
    """A running `arpline watch --json`, entered once it watches."""

    def __init__(self, host, *words, json_lines=True):
        self.lines, self.said = [], []
        kind = ["--json"] if json_lines else []
        self.process = host.ns.spawn(arpline(), "watch", "--parent", host.nic, *kind, *words, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True)
        self._json = json_lines
        self._readers = [threading.Thread(target=self._read, args=one, daemon=True)
                         for one in ((self.process.stdout, self.lines), (self.process.stderr, self.said))]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def __enter__(self):
        begun = self.lines if self._json else self.said
        wait_until(lambda: any("watching" in line for line in begun) or self.process.poll() is not None, 15,
                   lambda: f"watching; it said {self.said}")
        assert self.process.poll() is None, self.said
        return self

    def __exit__(self, *_):
        self.end()

    def end(self, number=signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(20)
        for reader in self._readers:
            reader.join()
        return code

    def objects(self):
        return [json.loads(line) for line in list(self.lines)]

    def frames(self, **fields):
        """The frames so far whose fields have these values."""
        return [one for one in self.objects() if "verdict" in one and all(one[k] == v for k, v in fields.items())]

    def wait(self, seconds=5.0, **fields):
        return wait_until(lambda: self.frames(**fields), seconds, lambda: f"{fields} in {self.lines[-20:]}")[0]

    def left_out(self):
        return sum(one.get("left_out", 0) for one in self.objects())


def program_of(host) -> int:
    """The id of the XDP program on the parent."""
    return json.loads(host.ns.ip("-j", "-d", "link", "show", host.nic).stdout)[0]["xdp"]["prog"]["id"]


def filter_of(host) -> str:
    return re.search(r"\bid (\d+)", host.ns.run("tc", "filter", "show", "dev", host.nic, "egress").stdout)[1]


def names_of_maps(program: int) -> list[str]:
    shown = json.loads(run("bpftool", "-j", "prog", "show", "id", program).stdout)
    return [json.loads(run("bpftool", "-j", "map", "show", "id", one).stdout)["name"] for one in shown["map_ids"]]


def test_who_has_and_its_answer_are_told_with_what_was_made_of_them(serve_fast):
    host, _, _, wire = serve_fast()
    child = host.children[0]
    name = host.status()["endpoints"][0]["namespace"]
    with Watching(host) as watching:
        confirm(wire, host, child)
        asked = watching.wait(side="wire", verdict="to_child_new")
        assert (asked["sender_mac"], asked["sender"], asked["target"], asked["target_container"]) == \
            (REQUESTER_MAC, REQUESTER, child.address, name)
        assert asked["says"] == f"{REQUESTER_MAC} {REQUESTER} asks for {child.address} ({name})"
        assert asked["meaning"] is None and asked["operation"] == 1 and asked["frame_bytes"] >= 42
        assert abs(asked["time_ns"] / 1e9 - time.time()) < 60
        answer = watching.wait(side="container", verdict="confirms")
        assert (answer["sender"], answer["sender_container"], answer["target"]) == (child.address, name, REQUESTER)
        wire.send(who_has(child))
        assert watching.wait(verdict="reflect")["bytes"][24:32] == "08060001", "the request, not its answer"


@pytest.mark.needs("vlan")
def test_vlan_and_the_tag_of_what_a_container_sends_are_told(lab):
    host, _, wire = served(lab, 7, children=(7,))
    child = host.children[0]
    with Watching(host) as watching:
        confirm(wire, host, child)
        assert watching.wait(side="wire", target=child.address)["vlan"] == 7
        assert watching.wait(side="container", sender=child.address, operation=2)["vlan"] == 7


def test_observe_is_watched_too(serve):
    host, _, _, wire = serve(config={"mode": "observe"})
    with Watching(host) as watching:
        wire.send(who_has(host.children[0]))
        assert watching.wait(side="wire", target=host.children[0].address)["verdict"].startswith("would_")
        watching.wait(side="container", sender=host.children[0].address)


def test_claim_names_the_container_whose_address_it_is(serve):
    host, _, _, wire = serve(2)
    child = host.children[0]
    name = next(one for one in host.status()["endpoints"] if one["address"] == child.address)["namespace"]
    with Watching(host) as watching, Watching(host, "--claims") as claims:
        wire.send(frames.arp(eth_src=OTHER_MAC, spa=child.address, tpa=child.address))
        wire.send(who_has(host.children[1]))
        claim = watching.wait(sender_mac=OTHER_MAC)
        assert claim["claims"] and claim["claimed_of"] == name
        assert claim["says"].endswith(f"announces itself and claims {child.address} of {name}")
        assert claim["meaning"] == "a claim of an endpoint's address"
        watching.wait(target=host.children[1].address)
        claims.wait(sender_mac=OTHER_MAC)
        assert not claims.frames(target=host.children[1].address)


def test_filters_let_through_what_they_name_and_nothing_else(serve):
    host, _, _, wire = serve(2)
    first, second = host.children
    confirm(wire, host, first, second)
    name = next(one for one in host.status()["endpoints"] if one["address"] == first.address)["namespace"]
    words = (("--endpoint", first.address), ("--from", REQUESTER), ("--from", REQUESTER_MAC), ("--container", name))
    wanted = (first.address, REQUESTER, REQUESTER, first.address)
    watchers = [Watching(host, *one) for one in words]
    for one in watchers:
        one.__enter__()
    try:
        for child in (first, second):
            for mac, address in ((REQUESTER_MAC, REQUESTER), (OTHER_MAC, OTHER)):
                wire.send(who_has(child, mac, address))
        for watching, (option, _), value in zip(watchers, words, wanted):
            wait_until(lambda one=watching: len(one.frames(side="wire")) == 2, 5,
                       lambda one=watching: f"two frames of {one.lines}")
            assert all(value in (one["sender"], one["target"]) for one in watching.frames()), option
    finally:
        for one in watchers:
            one.end()


def test_verdict_is_a_filter_and_an_unknown_one_is_refused(serve):
    host, _, _, wire = serve()
    refused = host.arpline("watch", "--verdict", "reflct")
    assert refused.returncode == 2 and "did you mean reflect?" in refused.stderr, refused
    with Watching(host, "--verdict", "foreign") as watching:
        wire.send(who_has(host.children[0]))
        wire.send(frames.arp(eth_src=OTHER_MAC, spa=OTHER, tpa="10.77.200.200"))
        watching.wait(verdict="foreign")
        assert {one["verdict"] for one in watching.frames()} == {"foreign"}


def test_count_and_time_end_it(serve):
    host, _, _, wire = serve()
    with Watching(host, "--count", "2") as watching:
        for _ in range(5):
            wire.send(who_has(host.children[0]))
        assert watching.process.wait(10) == 0
        assert watching.end() == 0 and len(watching.frames()) == 2
    assert host.arpline("watch", "--for", "0.3s").returncode == 0
    assert host.arpline("watch", "--for", "soon").returncode == 2


def test_text_is_a_line_a_frame_of_printable_letters(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    with Watching(host, "--count", "1", "--from", REQUESTER, json_lines=False) as watching:
        wire.send(who_has(child))
        assert watching.process.wait(10) == 0
        watching.end()
    assert len(watching.lines) == 1
    asks = f"{REQUESTER_MAC} {REQUESTER} asks for {child.address}"
    assert re.fullmatch(rf"\d\d:\d\d:\d\d\.\d{{3}} wire \w+: {asks} \(.+\)", watching.lines[0]), watching.lines


def test_capture_has_each_frame_with_a_comment_that_wireshark_shows(serve, tmp_path):
    host, _, _, wire = serve()
    child, path = host.children[0], tmp_path / "watched.pcapng"
    with Watching(host, "--pcapng", str(path)) as watching:
        confirm(wire, host, child)
        watching.wait(side="container", operation=2, sender=child.address)
        assert watching.end() == 0
    shown = run("tshark", "-r", path, "-T", "fields", "-e", "frame.comment", "-e", "arp.opcode", "-e",
                "frame.interface_name", "-e", "_ws.malformed").stdout
    rows = [line.split("\t") for line in shown.splitlines()]
    assert any(row[0].startswith(f"wire, to_child_new: {REQUESTER_MAC} {REQUESTER} asks for {child.address}")
               and row[1:3] == ["1", host.nic] for row in rows), shown
    assert any(row[0].startswith("container, confirms: ") and row[1:3] == ["2", host.nic] for row in rows), shown
    assert not any(row[3] for row in rows), shown


def test_programs_are_swapped_while_somebody_watches_only(serve):
    host, _, daemon, wire = serve()
    own = program_of(host), filter_of(host)
    with Watching(host) as first:
        assert program_of(host) != own[0] and filter_of(host) != own[1]
        with Watching(host):
            pass
        wire.send(who_has(host.children[0]))
        first.wait(side="wire")
    wait_until(lambda: (program_of(host), filter_of(host)) == own, 5, "the parent's own programs are back")
    assert host.status()["egress"] == "seen"
    with Watching(host) as watching:
        daemon.kill9()
        assert watching.process.wait(10) == 3, "no daemon any more"
    again = host.start_arplined({"parent": {host.nic: {"on_stop": "keep"}}})
    wait_known(host, *host.children)
    assert "watched" not in names_of_maps(program_of(host)), "what the killed one left is replaced"
    with Watching(host) as watching:
        wire.send(who_has(host.children[0]))
        watching.wait(side="wire")
        assert "watched" in names_of_maps(program_of(host))
        assert again.stop() == 0
    assert "watched" not in names_of_maps(program_of(host)), "kept for the next start, without a watcher"


@pytest.mark.alone
@pytest.mark.timeout(120)
def test_flood_is_sampled_and_what_is_left_out_is_counted(serve):
    host, peer, _, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    with Watching(host, "--endpoint", child.address, "--from", REQUESTER) as watching:
        report = peer.arpgen("--traffic", f"who-has to={child.address} from={REQUESTER}", rate=50_000, seconds=3)
        sent = report["streams"][0]["offered"]["asked"]
        wait_until(lambda: len(watching.frames()) + watching.left_out() >= sent, 10,
                   lambda: f"{sent} frames are told or left out; {len(watching.frames())} + {watching.left_out()}")
        told = watching.frames()
    per_second = {}
    for one in told:
        per_second[one["time_ns"] // 10**9] = per_second.get(one["time_ns"] // 10**9, 0) + 1
    assert max(per_second.values()) <= MOST_LINES_A_SECOND and len(told) > MOST_LINES_A_SECOND


def test_reader_that_stands_still_delays_nobody_and_hears_what_it_missed(serve):
    host, peer, _, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    with Watching(host, "--from", REQUESTER) as slow, Watching(host, "--from", REQUESTER) as quick:
        slow.process.send_signal(signal.SIGSTOP)
        peer.arpgen("--traffic", f"who-has to={child.address} from={REQUESTER}", rate=2_000, seconds=4)
        assert host.arpline("status").returncode == 0
        quick.wait(side="wire")
        slow.process.send_signal(signal.SIGCONT)
        everything = wait_until(lambda: quick.left_out() and len(quick.frames()) + quick.left_out(), 10, "it is told")
        wait_until(lambda: len(slow.frames()) + slow.left_out() >= everything, 10,
                   lambda: f"{len(slow.frames())} + {slow.left_out()} are {everything}")
        assert len(slow.frames()) < len(quick.frames()), "its socket holds less than it was sent"


def test_fifth_watcher_is_refused(serve):
    host = serve()[0]
    watchers = [Watching(host) for _ in range(4)]
    for one in watchers:
        one.__enter__()
    try:
        fifth = host.arpline("watch")
        assert fifth.returncode == 1 and "4 watch it already" in fifth.stderr, fifth
    finally:
        for one in watchers:
            one.end()


def test_without_daemon_a_packet_socket_is_read_and_says_so(wired):
    host, peer = wired()
    child = host.children[0]
    with peer.wire() as wire, Watching(host) as watching:
        wire.send(who_has(child))
        asked = watching.wait(side="wire", target=child.address)
        assert asked["verdict"] is None and asked["says"] == f"{REQUESTER_MAC} {REQUESTER} asks for {child.address}"
        watching.wait(side="container", sender=child.address, operation=2)
        assert any("no arplined runs" in line for line in watching.said), watching.said
    refused = host.arpline("watch", "--parent", host.nic, "--claims")
    assert refused.returncode == 3 and "--claims" in refused.stderr, refused
    assert host.arpline("watch").returncode == 3
