# SPDX-License-Identifier: Apache-2.0
"""It breaks after a few seconds: the switch forgets a quiet container and does not flood what it does not know."""
import time

from .. import ROOT, Lab, arpline, parse_ping
from . import Outcome

NAME = "quiet"
TITLE = "It breaks after a few seconds"
STORY = """\
A peer and a host are on one switch. The switch forgets a MAC address after 3 quiet seconds and, as many managed
switches and clouds do, sends no unknown unicast to the host's port. 16 macvlan containers live on the host.
The peer pings them: all answer. Then nobody says anything for 8 seconds, and the peer pings each of them 10 times
within 2 seconds. Its ARP entries are still valid, so it has no reason to ask again. (Some 10 seconds later it
would ask by broadcast, and repair the path until the next silence.)"""

CHILDREN = 16
SETTLE_SECONDS = 7  # kernels verify a new neighbour after 5 s; that is not silence
QUIET_SECONDS = 8
WARM_COUNT, COUNT = 3, 10


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def build(lab):
    switch, peer, host = lab.switch(ageing_seconds=3), lab.peer(), lab.host()
    lab.connect(peer, switch)
    lab.connect(host, switch, flood=False)
    host.add_children(CHILDREN)
    return switch, peer, host


def ping_all(peer, host, count):
    """Pings all containers at once; returns (sent, answered, containers that answered nothing)."""
    running = [peer.ns.spawn("ping", "-n", "-q", "-i", "0.2", "-c", count, "-W", "1", child.address, stdout=-1,
                             text=True) for child in host.children]
    results = [parse_ping(process.communicate(timeout=60)[0]) for process in running]
    return (sum(one.sent for one in results), sum(one.answered for one in results),
            sum(one.answered == 0 for one in results))


def measure(switch, peer, host):
    """The story once. Returns (share of pings answered while warm, share lost after the silence, containers lost)."""
    sent, warm, _ = ping_all(peer, host, WARM_COUNT)
    time.sleep(SETTLE_SECONDS)
    ping_all(peer, host, 1)
    say(f"warm: {warm} of {sent} pings answered; now {QUIET_SECONDS} quiet seconds …")
    time.sleep(QUIET_SECONDS)
    known = sum(switch.knows(child.mac) for child in host.children)
    sent, answered, silent = ping_all(peer, host, COUNT)
    say(f"the switch knows {known} of {CHILDREN} containers; {answered} of {sent} pings answered")
    return (100 * warm // (WARM_COUNT * CHILDREN), 100 * (sent - answered) / sent, silent)


def without_arpline():
    say("without arpline")
    with Lab() as lab:
        return measure(*build(lab))


def with_arpline(keep):
    say("with arpline: arplined --parent nic0, [announce] refresh = \"1s\"")
    with Lab(keep=keep) as lab:
        switch, peer, host = build(lab)
        host.start_arplined({"announce": {"refresh": "1s"}})
        return measure(switch, peer, host), hints(lab, peer, host) if keep else []


def hints(lab, peer, host):
    child = host.children[0]
    here = f"nsenter --net={host.ns.path}"
    pins = host.status()["pins"]
    return [
        "ping a container from the peer, whenever you like:",
        f"  ip netns exec {peer.ns.name} ping -i 0.2 -c 10 -W 1 {child.address}",
        "see what the engine serves, and what it has done:",
        f"  {here} {arpline()} status",
        "the endpoints as the kernel sees them:",
        f"  bpftool map dump pinned {pins}/endpoints",
        "end the engine, wait 8 s, and ping again:",
        f"  kill {lab.daemons[-1].pid}",
        "remove the lab:",
        f"  {ROOT}/tools/lab/remove {lab.id}",
    ]


def play(keep=False) -> Outcome:
    warm_before, lost_before, silent_before = without_arpline()
    (warm_after, lost_after, silent_after), lines = with_arpline(keep)
    return Outcome(rows=[
        ("pings answered while warm", f"{warm_before} %", f"{warm_after} %", "100 %"),
        (f"pings lost after {QUIET_SECONDS} quiet seconds", f"{lost_before:.0f} %", f"{lost_after:.0f} %", "0 %"),
        (f"containers out of reach, of {CHILDREN}", str(silent_before), str(silent_after), "0"),
    ], kept_its_promise=warm_after == 100 and lost_after == 0 and silent_after == 0, hints=lines)
