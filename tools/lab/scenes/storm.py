# SPDX-License-Identifier: Apache-2.0
"""A storm: more broadcast than the kernel's one broadcast queue can carry, who-has or something else."""
import json
import subprocess

from .. import arpgen, arpline
from . import Outcome, percent, receiving, say, targets, twice

NAME = "storm"
CHILDREN = 64
PER_SECOND = 300_000
SECONDS = 5
OTHER_PER_SECOND, OTHER_SECONDS = 100_000, 3
GOOD_PER_SECOND = 100
DEADLINE_MS = 500
SETTLE_MS = 500  # time for an arplined on a veth to notice the meter and to turn the fast path on
WARM = 2_000  # who-has/s; the children's kernels learn the requester and arpline sees their answers
TITLE = "M2: every broadcast goes through one queue"
STORY = f"""\
{CHILDREN} macvlan containers share a host's NIC. The wire floods who-has for them, {PER_SECOND:,} a second, as when a
switch loops or every neighbour asks at once. The kernel puts each request into the parent's only broadcast queue and
clones it for every container; when the queue is full, requests die in it. The generator keeps its rate by the clock,
whether or not it is answered; an answer within {DEADLINE_MS} ms counts.
Then it is a broadcast of another protocol, {OTHER_PER_SECOND:,} a second, and beside it one well-behaved peer with
{GOOD_PER_SECOND} who-has a second: they have to go through the same queue."""


def warm(host, peer) -> None:
    peer.arpgen("--to", targets(host), cpu=0, rate=WARM, seconds=0.5, deadline_ms=DEADLINE_MS)


def command(peer, *traffic) -> list[str]:
    return [arpgen(), "run", "--interface", peer.nic, *traffic, "--cpu", "0"]


def send(peer, rate, seconds, *traffic) -> dict:
    """Prints a line a second while arpgen runs; returns its report."""
    process = peer.ns.spawn(*command(peer, *traffic), "--rate", rate, "--seconds", seconds, "--deadline-ms",
                            DEADLINE_MS, "--settle-ms", SETTLE_MS, "--live", "--format", "json",
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        say(line.rstrip())
    return json.loads(process.communicate(timeout=30)[0])


def who_has(host, peer, rate=PER_SECOND, seconds=SECONDS) -> dict:
    return send(peer, rate, seconds, "--to", targets(host))


def other_broadcast(host, peer, rate=OTHER_PER_SECOND, seconds=OTHER_SECONDS) -> dict:
    """Only the who-has are to be answered; the report's ratio covers them alone."""
    return send(peer, rate + GOOD_PER_SECOND, seconds, "--traffic", f"who-has to={targets(host)}",
                "--traffic", f"other weight={rate // GOOD_PER_SECOND}")


def side(lab, served):
    host, peer = receiving(lab, CHILDREN)
    if served:
        host.start_arplined()
    warm(host, peer)
    return (who_has(host, peer), other_broadcast(host, peer)), (host, peer)


def hints(_lab, host, peer):
    words = " ".join(command(peer, "--to", targets(host)))
    return [
        "ask as fast as you like, or look for the highest rate at which at most 0.1 % is lost:",
        f"  ip netns exec {peer.ns.name} {words} --rate 200k --seconds 5 --settle-ms {SETTLE_MS}",
        f"  ip netns exec {peer.ns.name} {words.replace(' run ', ' search ')}",
        "who answered, the program, the ring or the containers' kernels:",
        f"  nsenter --net={host.ns.path} {arpline()} status",
    ]


def thousands(per_second: float) -> str:
    return f"{per_second / 1000:.0f} k"


def offered(report) -> str:
    return thousands(report["offered"]["per_second"])


def play(keep=False) -> Outcome:
    before, after, lines = twice(side, "arplined --parent nic0", keep, hints)
    ratios = [[report["answers"]["ratio"] for report in reports] for reports in (before, after)]
    kept = all(report["offered"]["per_second"] > 0.9 * rate and report["answers"]["ratio"] > 0.99
               for report, rate in zip(after, (PER_SECOND, OTHER_PER_SECOND)))
    return Outcome(rows=[
        ("who-has a second, offered", offered(before[0]), offered(after[0]), f"about {thousands(PER_SECOND)}"),
        ("answered", percent(ratios[0][0]), percent(ratios[1][0]), "over 99 %"),
        ("other broadcasts a second", offered(before[1]), offered(after[1]), f"about {thousands(OTHER_PER_SECOND)}"),
        ("who-has beside them answered", percent(ratios[0][1]), percent(ratios[1][1]), "over 99 %"),
    ], kept_its_promise=kept, hints=lines)
