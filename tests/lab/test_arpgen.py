# SPDX-License-Identifier: Apache-2.0
"""arpgen against real kernels: the frames that it sends, its count of the answers, and the requests that it refuses."""
import json
import signal
import threading
import time

import pytest
from common import CommandError, arpgen, frames, run, wait_until

SOURCES = ("live", "xsk", "packet")
ONE_OF_EACH = ("who-has to=10.77.1.1-10.77.1.4 from=10.77.0.10-10.77.0.20 macs=own", "probe to=10.77.1.1",
               "announcement", "claim to=10.77.9.9 mac=02:00:00:00:00:99", "who-has to=10.77.1.1 vlan=100", "other",
               "who-has to=10.77.1.2 flaw=truncated", "who-has to=10.77.1.3 flaw=long")


def lab_of(wired, children=4):
    """NAPI on the receiving end, which the kernel needs for frames that it sends live."""
    host, peer = wired(children)
    host.load_pass_program()
    return host, peer


def targets(host):
    return f"{host.children[0].address}-{host.children[-1].address}"


def printed(peer, count, *specs):
    words = [word for spec in specs for word in ("--traffic", spec)]
    text = peer.ns.run(arpgen(), "print", "--interface", peer.nic, "--frames", count, "--seed", 5, *words).stdout
    return [bytes.fromhex(line.split()[2]) for line in text.splitlines()]


def test_every_source_sends_the_frames_that_print_shows(wired):
    host, peer = lab_of(wired)
    expected = printed(peer, 300, *ONE_OF_EACH)
    words = [word for spec in ONE_OF_EACH for word in ("--traffic", spec)]
    for source in SOURCES:
        wire = host.wire()
        report = peer.arpgen(*words, source=source, frames=300, seed=5, rate=5000, deadline_ms=10)
        arrived = wire.capture(0.3)
        assert report["offered"]["frames"] == 300, report["offered"]
        assert arrived == expected, f"{source}: {len(arrived)} frames, the first other one is " + next(
            (f"{n}: {a.hex()} instead of {e.hex()}" for n, (a, e) in enumerate(zip(arrived, expected)) if a != e),
            "missing")
        wire.close()


def test_another_seed_sends_other_frames_and_the_same_seed_the_same(wired):
    _, peer = wired()
    text = [peer.ns.run(arpgen(), "print", "--interface", peer.nic, "--frames", 200, "--seed", seed, "--traffic",
                        "who-has to=10.77.1.0/24 from=10.77.0.0/24").stdout for seed in (1, 1, 2)]
    assert text[0] == text[1] != text[2]


@pytest.mark.alone  # all labs share the neighbour table, and a kernel without room in it is silent
def test_kernels_answers_are_all_matched(wired):
    host, peer = lab_of(wired)
    for source in SOURCES:
        report = peer.arpgen("--traffic", f"who-has to={targets(host)}", source=source, rate=1000, frames=1000,
                             seconds=5)
        answers, latency = report["answers"], report["latency_ns"]
        assert report["offered"]["frames"] == 1000, report["offered"]
        assert answers["answered"] == 1000 and answers["ratio"] == 1, answers
        assert not any(answers[key] for key in ("late", "duplicate", "wrong_mac", "wrong_target", "broadcast",
                                                "unasked", "echoed", "unanswered")), answers
        assert 0 < latency["min"] <= latency["p50"] <= latency["p99.99"] <= latency["max"], latency
        for child, row in zip(host.children, report["addresses"], strict=True):
            assert (row["address"], row["mac"]) == (child.address, child.mac), row
            assert row["asked"] == row["answered"] > 0, row


def test_answer_ends_at_the_meter_unless_it_is_told_to_pass_it_on(wired):
    host, peer = lab_of(wired, 1)
    for words, expected in (((), 0), (("--pass-answers",), 20)):
        wire = peer.wire()
        peer.arpgen("--traffic", f"who-has to={targets(host)}", *words, frames=20, rate=1000)
        assert sum(one.op == frames.REPLY for one in wire.collect(0.2)) == expected
        wire.close()


def test_who_has_for_nobody_is_unanswered_and_the_address_is_named(wired):
    host, peer = lab_of(wired, 2)
    report = peer.arpgen("--traffic", "who-has to=10.77.1.1-10.77.1.3 order=sequential", frames=300, rate=3000,
                         deadline_ms=100)
    assert [row["unanswered"] for row in report["addresses"]] == [0, 0, 100], report["addresses"]
    assert report["answers"]["unanswered"] == 100


def test_two_owners_of_an_address_are_wrong_macs(wired):
    host, peer = lab_of(wired, 1)
    host.add_child(address=f"{host.children[0].address}/16")
    answers = peer.arpgen("--traffic", f"who-has to={host.children[0].address}", frames=100, rate=200)["answers"]
    # On a busy machine the kernel does not answer all of them.
    assert answers["answered"] == answers["wrong_mac"] >= 50, answers


def respond(wire, change, delay_seconds, stop):
    """Answers every who-has that arrives with the frames of change(reply)."""
    while not stop.is_set():
        for one in wire.collect(0.02, len):
            if one.op == frames.REQUEST and not one.announcement:
                time.sleep(delay_seconds)
                reply = {"op": frames.REPLY, "eth_dst": one.eth_src, "eth_src": "02:00:00:00:00:07",
                         "sha": "02:00:00:00:00:07", "spa": one.tpa, "tha": one.sha, "tpa": one.spa}
                for frame in change(reply):
                    wire.send(frames.arp(**frame))


def answered_by(wired, change, delay_seconds=0.0, **arpgen_options):
    """arpgen's report about a responder that answers 20 who-has for a free address in this way."""
    host, peer = lab_of(wired, 1)
    stop = threading.Event()
    thread = threading.Thread(target=respond, args=(host.wire(), change, delay_seconds, stop))
    thread.start()
    try:
        return peer.arpgen("--traffic", "who-has to=10.77.5.5", frames=20, seconds=5,
                           **{"rate": 100, **arpgen_options})
    finally:
        stop.set()
        thread.join()


def test_second_answer_is_a_duplicate(wired):
    answers = answered_by(wired, lambda reply: [reply, reply])["answers"]
    assert answers["answered"] == answers["duplicate"] == 20, answers


def test_answer_after_the_deadline_is_late(wired):
    answers = answered_by(wired, lambda reply: [reply], delay_seconds=0.06, rate=5, deadline_ms=30)["answers"]
    assert answers["answered"] == 0 and answers["late"] >= 19, answers  # the last one may come after the end


@pytest.mark.parametrize("change, counted", (({"eth_dst": frames.BROADCAST}, {"broadcast": 20}),
                                             ({"tha": "02:00:00:00:00:55"}, {"wrong_target": 20}),
                                             ({"eth_src": "02:00:00:00:00:66"}, {"answered": 0})),
                         ids=("broadcast", "for_another", "from_another"))
def test_broadcast_answers_and_those_for_or_from_somebody_else_are_told_apart(wired, change, counted):
    answers = answered_by(wired, lambda reply: [{**reply, **change}])["answers"]
    assert answers.items() >= {**counted, "unanswered": 20}.items(), answers


def test_latency_counts_from_when_a_request_was_due(wired):
    latency = answered_by(wired, lambda reply: [reply], delay_seconds=0.05, rate=10)["latency_ns"]
    assert latency["timed"] == 20 and latency["min"] >= 50_000_000, latency


def test_closed_loop_has_no_more_requests_open_than_its_window(wired):
    host, peer = lab_of(wired, 1)
    wire, stop, most = host.wire(), threading.Event(), []

    def watch():
        waiting = 0
        while not stop.is_set():
            for one in wire.collect(0.02, len):
                waiting += 1
                most.append(waiting)
                time.sleep(0.005)  # a sender that did not wait for answers would send more in this time
                wire.send(frames.arp(op=frames.REPLY, eth_dst=one.eth_src, eth_src="02:00:00:00:00:07",
                                     spa=one.tpa, tha=one.sha, tpa=one.spa))
                waiting -= 1
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        report = peer.arpgen("--traffic", "who-has to=10.77.5.5", window=1, frames=20, seconds=5)
    finally:
        stop.set()
        thread.join()
    assert report["answers"]["answered"] == 20 and max(most) == 1, (report["answers"], most)


def test_search_finds_a_rate_below_which_nearly_all_is_answered(wired):
    host, peer = lab_of(wired, 1)
    text = peer.ns.run(arpgen(), "search", "--interface", peer.nic, "--traffic", f"who-has to={targets(host)}",
                       "--trial-seconds", "0.3", "--max-rate", "20000", "--loss", "1", "--deadline-ms", "100",
                       "--format", "json", timeout=50).stdout
    found = json.loads(text)
    assert 0 < found["per_second"] <= 20000 * 1.02, found
    assert any(trial["passed"] and trial["loss"] <= 0.01 for trial in found["trials"]), found


def test_interface_with_a_default_route_is_refused_until_told_twice(wired):
    host, peer = lab_of(wired, 1)
    peer.ns.ip("route", "add", "default", "via", host.children[0].address)
    words = (arpgen(), "run", "--interface", peer.nic, "--traffic", f"who-has to={targets(host)}", "--frames", "5")
    for told in ((), ("--on-default-route",)):
        done = peer.ns.run(*words, *told, check=False)
        assert done.returncode == 1 and "default route" in done.stderr and len(done.stderr.splitlines()) == 1, done
    assert peer.ns.run(*words, "--on-default-route", "--on-default-route").returncode == 0


def test_nothing_is_left_behind_however_it_ends(wired):
    host, peer = lab_of(wired, 1)

    def marks():
        text = peer.ns.ip("-d", "link", "show", peer.nic).stdout
        return [mark for mark in ("prog/xdp", "promiscuity 1") if mark in text]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process = peer.ns.spawn(arpgen(), "run", "--interface", peer.nic, "--traffic",
                                f"who-has to={targets(host)} macs=own", "--rate", "100", "--seconds", "30")
        wait_until(lambda: len(marks()) == 2, 5, "the meter is attached and hears every MAC")
        process.send_signal(number)
        process.wait(timeout=5)
        wait_until(lambda: not marks(), 2, f"the meter is gone after {number.name}")


def test_another_xdp_program_is_never_replaced(wired):
    host, peer = lab_of(wired, 1)
    peer.load_pass_program()
    before = peer.ns.ip("link", "show", peer.nic).stdout
    done = peer.ns.run(arpgen(), "run", "--interface", peer.nic, "--traffic", f"who-has to={targets(host)}",
                       check=False)
    assert done.returncode == 1 and "XDP program" in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
    assert peer.ns.ip("link", "show", peer.nic).stdout == before


@pytest.mark.alone  # its requesters fill the neighbour table, which all containers share
@pytest.mark.timeout(90)
def test_every_preset_runs_within_its_bounds(wired):
    host, peer = lab_of(wired)
    listed = peer.ns.run(arpgen(), "presets").stdout.split("kinds of frames")[0].splitlines()[1:]
    assert len(listed) == 6, listed
    for name in (line.split()[0] for line in listed):
        report = peer.arpgen("--preset", name, "--to", targets(host), rate=2000, frames=600, deadline_ms=50)
        assert report["offered"]["frames"] == 600, (name, report["offered"])
    try:
        run(arpgen(), "run", "--preset", "nonsense", "--interface", "lo")
        raise AssertionError("a preset that does not exist was taken")
    except CommandError as error:
        assert "nonsense" in str(error)
