# SPDX-License-Identifier: Apache-2.0
"""It breaks after a few seconds: the switch forgets a quiet container and does not flood frames to unknown MACs."""
import time

from .. import arpline, parse_ping
from . import Outcome, say, twice

NAME = "quiet"
TITLE = "M1: the switch forgets a quiet container"
STORY = """\
A peer and a host are on one switch. The switch forgets a MAC address after 3 quiet seconds and, as many managed
switches and clouds do, sends no unknown unicast to the host's port. 16 macvlan containers live on the host.
The peer pings them: all answer. Then nobody says anything for 8 seconds, and the peer pings each of them 10 times
within 2 seconds. Its ARP entries are still valid, so it has no reason to ask again. (Some 10 seconds later it
would ask by broadcast, and repair the path until the next silence.)"""

CHILDREN = 16
SETTLE_SECONDS = 7  # kernels verify a new neighbour after 5 s, which would end the silence
QUIET_SECONDS = 8
WARM_COUNT, COUNT = 3, 10
REFRESH = {"announce": {"refresh": "1s"}}


def build(lab, children=CHILDREN, side=""):
    """side: a suffix for the nodes' names, since one lab has two such networks."""
    switch, peer, host = (make(f"{what}{side}") for make, what in
                          ((lab.switch, "switch"), (lab.peer, "peer"), (lab.host, "host")))
    lab.connect(peer, switch)
    lab.connect(host, switch, flood=False)
    host.add_children(children)
    return switch, peer, host


def ping_all(peer, host, count):
    """Pings all containers at once; returns (sent, answered, containers without any answer)."""
    running = [peer.ns.spawn("ping", "-n", "-q", "-i", "0.2", "-c", count, "-W", "1", child.address, stdout=-1,
                             text=True) for child in host.children]
    results = [parse_ping(process.communicate(timeout=60)[0]) for process in running]
    return (sum(one.sent for one in results), sum(one.answered for one in results),
            sum(one.answered == 0 for one in results))


def measure(switch, peer, host, quiet_seconds=QUIET_SECONDS, count=COUNT):
    """Returns (share of pings answered while warm, share lost after the silence, containers lost)."""
    asked, warm, _ = ping_all(peer, host, WARM_COUNT)
    time.sleep(SETTLE_SECONDS)
    ping_all(peer, host, 1)
    say(f"warm: {warm} of {asked} pings answered; now {quiet_seconds} quiet seconds …")
    time.sleep(quiet_seconds)
    known = sum(switch.knows(child.mac) for child in host.children)
    sent, answered, silent = ping_all(peer, host, count)
    say(f"the switch knows {known} of {len(host.children)} containers; {answered} of {sent} pings answered")
    return 100 * warm // asked, 100 * (sent - answered) / sent, silent


def side(lab, served):
    switch, peer, host = build(lab)
    if served:
        host.start_arplined(REFRESH)
    return measure(switch, peer, host), (peer, host)


def hints(_lab, peer, host):
    child = host.children[0]
    return [
        "ping a container from the peer, whenever you like, or 8 s after the engine has ended:",
        f"  ip netns exec {peer.ns.name} ping -i 0.2 -c 10 -W 1 {child.address}",
        "see what the engine serves, and what it has done:",
        f"  nsenter --net={host.ns.path} {arpline()} status",
        "the endpoints as the kernel sees them:",
        f"  bpftool map dump pinned {host.status()['pins']}/endpoints",
    ]


def play(keep=False) -> Outcome:
    before, after, lines = twice(side, 'arplined --parent nic0, [announce] refresh = "1s"', keep, hints)
    return Outcome(rows=[
        ("pings answered while warm", f"{before[0]} %", f"{after[0]} %", "100 %"),
        (f"pings lost after {QUIET_SECONDS} quiet seconds", f"{before[1]:.0f} %", f"{after[1]:.0f} %", "0 %"),
        (f"containers out of reach, of {CHILDREN}", str(before[2]), str(after[2]), "0"),
    ], kept_its_promise=after == (100, 0, 0), hints=lines)
