# SPDX-License-Identifier: Apache-2.0
"""Losses at 1000 who-has a second when the daemon hangs, is killed, restarted or stopped; each phase has its child."""
import subprocess
import sys
import time

import pytest
from common import (CREDIT_WINDOW, Arplined, Lab, Metronome, arpline, confirm, exchange, frames, serve, wait_until,
                    who_has)
from lab.sh import cpu_seconds

RATE = 1000


class Phases:
    """(seconds, action at its start), one after the other; in each, another child is asked for."""

    def __init__(self, host, steps):
        self.host, self.steps = host, steps
        self.now = -1
        self.replies = []
        self.late = 0.0
        self.starts = [sum(seconds for seconds, _ in steps[:index]) for index in range(len(steps) + 1)]
        self.sent = [0] * len(steps)

    def tick(self, elapsed):
        while self.now + 1 < len(self.steps) and elapsed >= self.starts[self.now + 1]:
            self.now += 1
            action = self.steps[self.now][1]
            if action:
                time.sleep(0.05)  # frames under way belong to the phase before
                action()

    def next_frame(self, _):
        phase = max(self.now, 0)
        self.sent[phase] += 1
        return who_has(self.host.children[phase])

    def run(self, wire):
        self.tick(0.0)
        with Metronome() as metronome:
            _, found = exchange(wire, self.next_frame, RATE, self.starts[-1], self.tick)
        self.late = metronome.late
        replies = [one for one in found if one.op == frames.REPLY]
        self.replies = [[one for one in replies if one.spa == self.host.children[phase].address]
                        for phase in range(len(self.steps))]
        return [sent - len(answers) for sent, answers in zip(self.sent, self.replies)]


def hang(serve, config=None, seconds=10):
    """Hangs the daemon for that time: at most the credit window is lost, and no stale answer is sent."""
    host, _, daemon, wire = serve(children=4, config=config)
    confirm(wire, host, *host.children)
    phases = Phases(host, [(1, None), (2, daemon.sigstop), (seconds - 2, None), (2, daemon.sigcont)])
    lost = phases.run(wire)
    assert lost[0] == 0, f"lost before anything happened: {lost}"
    assert 0 <= lost[1] <= CREDIT_WINDOW, f"lost {lost}"
    assert lost[2] == 0, f"the kernel did not answer everything: {lost}"
    assert lost[3] == 0, f"lost after it went on: {lost}"
    woken_at = min(one.at for one in phases.replies[3])
    stale = [one for phase in (0, 1, 2) for one in phases.replies[phase] if one.at > woken_at + 0.05 + phases.late]
    assert not stale, f"{len(stale)} stale answers"
    wait_until(lambda: host.status()["lease"] == "live", 5, "it serves again")


@pytest.mark.alone
@pytest.mark.timeout(90)
def test_hung_daemon_costs_at_most_the_window_and_says_nothing_stale(serve):
    hang(serve)


@pytest.mark.alone
@pytest.mark.timeout(90)
def test_kill_restart_and_stop_cost_at_most_the_window(serve):
    host, _, daemon, wire = serve(children=5)
    confirm(wire, host, *host.children)
    later = []
    phases = Phases(host, [(1, None), (2, lambda: daemon.process.kill()), (3, lambda: later.append(Arplined(host))),
                           (1, None), (2, lambda: later[0].process.terminate())])
    lost = phases.run(wire)
    assert lost[0] == 0, f"lost before anything happened: {lost}"
    assert lost[3] == 0, f"lost after the restart: {lost}"
    assert all(0 <= one <= CREDIT_WINDOW for one in lost), f"lost {lost}"
    assert later[0].wait_exit() == 0


@pytest.mark.alone
def test_detach_under_load_costs_at_most_the_window(serve):
    host, _, daemon, wire = serve(children=3)
    confirm(wire, host, *host.children)
    daemon.kill9()
    wait_until(lambda: host.status()["lease"] == "expired", 5, "the lease is expired")
    detaching = []

    def detach():
        detaching.append(host.ns.spawn(arpline(), "detach", host.nic))
    phases = Phases(host, [(1, None), (1, detach), (1, None)])
    lost = phases.run(wire)
    assert detaching[0].wait(timeout=10) == 0
    assert lost[0] == 0 and lost[2] == 0 and 0 <= lost[1] <= CREDIT_WINDOW, f"lost {lost}"


def total(status, stage) -> int:
    return sum(status[stage].values())


def every_request_is_answered_once(serve, config=None):
    host, _, _, wire = serve(children=4, config=config)
    confirm(wire, host, *host.children)
    before = host.status()
    sent, found = exchange(wire, lambda n: who_has(host.children[n % 4]), RATE, 5.0)
    answers = [one for one in found if one.op == frames.REPLY]
    assert len(answers) == sent
    after = host.status()
    assert total(after, "verdicts") - total(before, "verdicts") == sent, "one verdict a frame on the wire stage"
    rung = after["verdicts"]["ring"]
    assert total(after, "engine_verdicts") == rung, "one verdict a frame on the engine stage"
    assert rung - before["verdicts"]["ring"] > sent * 0.9, "the engine answered too little of it"


@pytest.mark.alone
def test_every_request_is_answered_once(serve):
    every_request_is_answered_once(serve)


def idle(daemon):
    """Expects a daemon that sleeps: it uses little more CPU time than a loop that wakes two hundred times a second."""
    loop = "import time\nwhile True: time.sleep(0.005)"
    with subprocess.Popen([sys.executable, "-c", loop]) as control:
        try:
            time.sleep(3)
            before = [cpu_seconds(pid) for pid in (daemon.pid, control.pid)]
            time.sleep(10)
            used, controls = (cpu_seconds(pid) - one for pid, one in zip((daemon.pid, control.pid), before))
        finally:
            control.kill()
    assert used < 3 * controls, f"{used:.3f} s of CPU in 10 s, the loop {controls:.3f} s"


def test_idle_daemon_costs_next_to_nothing(serve):
    _, _, daemon, _ = serve(children=16)
    idle(daemon)


def test_containers_cost_memory_for_themselves_only():
    """Compared with a daemon without containers: the first container must not grow any table to its full size."""
    resident = {}
    for children in (0, 16):
        with Lab() as lab:
            _, _, daemon, _ = serve(lab, children=children)
            resident[children] = daemon.resident_bytes()
    assert resident[16] < 2 * resident[0], resident
