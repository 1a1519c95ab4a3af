# SPDX-License-Identifier: Apache-2.0
"""Answers behind bulk traffic: frames that leave through the parent's qdisc wait there or are dropped."""
import contextlib
import itertools

from .. import arpgen, arpline
from . import Outcome, datagrams, percent, receiving, say, targets, twice

NAME = "shaped"
CHILDREN = 4
REQUESTERS = "10.77.3.1-10.77.3.8"
PER_SECOND, WARM_PER_SECOND = 100, 1_000
SECONDS = 3
IN_TIME_MS = 20  # the queue holds 45 ms; a busy machine adds some
DEADLINE_MS = 300  # less than the gap between two who-has of one requester for one container
SETTLE_MS = 500
SHAPER = "root handle 1: tbf rate 50mbit burst 32kb limit 1mb"
QUEUE = "parent 1:1 handle 10: pfifo limit 200"  # the limit is in frames, as in most queues
BULK_BYTES, BULK_BURST = 1_400, 9  # sent a thousand times a second: 100 Mbit/s
TITLE = "M4: answers wait behind bulk traffic"
STORY = f"""\
The host's NIC is shaped to 50 Mbit/s, and the host sends twice as much. The containers' ARP answers leave through the
same queueing discipline: they wait for their turn, and when the queue is full they are dropped. A peer asks for
{CHILDREN} containers, {PER_SECOND} times a second. arpline's answers don't pass the queueing discipline."""


def build(lab):
    host, peer = receiving(lab, CHILDREN)
    host.address("10.77.0.2/16")
    host.ns.ip("neigh", "replace", peer.planned_address.split("/")[0], "lladdr", peer.mac, "dev", host.nic,
               "nud", "permanent")  # the bulk traffic needs no ARP
    return host, peer


@contextlib.contextmanager
def bulk(host, peer):
    """Sends twice the shaper's rate."""
    for what in (SHAPER, QUEUE):
        host.ns.run("tc", "qdisc", "replace", "dev", host.nic, *what.split())
    where = itertools.repeat(peer.planned_address.split("/")[0])
    with datagrams.sending(host, where, BULK_BYTES, BULK_BURST, gap_seconds=0.001):
        yield
    host.ns.run("tc", "qdisc", "del", "dev", host.nic, "root")


def ask(host, peer, rate, seconds, **options):
    return peer.arpgen("--traffic", f"who-has to={targets(host)} from={REQUESTERS}", rate=rate, seconds=seconds,
                       settle_ms=SETTLE_MS, **options)


def measure(host, peer, seconds=SECONDS):
    """Returns (share answered within IN_TIME_MS, share answered at all, the median of these in ns)."""
    ask(host, peer, WARM_PER_SECOND, 0.3, deadline_ms=DEADLINE_MS)  # every container has answered every requester
    with bulk(host, peer):
        in_time = ask(host, peer, PER_SECOND, seconds, deadline_ms=IN_TIME_MS)["answers"]["ratio"]
        report = ask(host, peer, PER_SECOND, seconds, deadline_ms=DEADLINE_MS)
    answered, median = report["answers"]["ratio"], report["latency_ns"]["p50"]
    say(f"{percent(in_time)} answered within {IN_TIME_MS} ms, {percent(answered)} at all; "
        f"median {milliseconds(median)}")
    return in_time, answered, median


def milliseconds(nanoseconds: float) -> str:
    return f"{nanoseconds / 1e6:.3g} ms"


def side(lab, served):
    host, peer = build(lab)
    if served:
        host.start_arplined()
    return measure(host, peer), (host, peer)


def hints(_lab, host, peer):
    where = peer.planned_address.split("/")[0]
    return [
        "shape the NIC, send more than it takes, and ask:",
        *(f"  tc -n {host.ns.name} qdisc replace dev {host.nic} {what}" for what in (SHAPER, QUEUE)),
        f"  ip netns exec {host.ns.name} timeout 20 bash -c 'while :; do dd if=/dev/zero bs=1400 2>/dev/null "
        f"> /dev/udp/{where}/9; done' &",
        f"  ip netns exec {peer.ns.name} {arpgen()} run --interface {peer.nic} --to {targets(host)} --rate 100 "
        f"--settle-ms {SETTLE_MS}",
        "who answered:",
        f"  nsenter --net={host.ns.path} {arpline()} status",
    ]


def play(keep=False) -> Outcome:
    before, after, lines = twice(side, "arplined --parent nic0", keep, hints)
    return Outcome(rows=[
        (f"answered within {IN_TIME_MS} ms", percent(before[0]), percent(after[0]), "over 95 %"),
        ("answered at all", percent(before[1]), percent(after[1]), "over 99 %"),
        ("median of the answers", milliseconds(before[2]), milliseconds(after[2]), "a tenth at most"),
    ], kept_its_promise=after[0] > 0.95 and after[1] > 0.99 and after[2] <= before[2] / 10, hints=lines)
