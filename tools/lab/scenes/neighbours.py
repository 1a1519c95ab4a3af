# SPDX-License-Identifier: Apache-2.0
"""The neighbour table is full: random requesters fill it, or the host itself while it scans a subnet."""
import ipaddress
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .. import arpgen, arpline
from . import Outcome, datagrams, percent, receiving, say, targets, twice

NAME = "neighbours"
CHILDREN = 4
FLOOD_PER_SECOND = 100_000
GOOD_PER_SECOND = 20  # few, since a requester that asks often gets an entry in the table now and then
SECONDS = 3
SETTLE_MS = 500
DEADLINE_MS = 200
GATEWAY = "10.77.0.1"  # the peer
WELL_BEHAVED = "10.77.0.3"
FORGED = "10.77.0.4-10.77.255.254"  # the rest of the subnet, with the containers' addresses
NEWCOMERS = "10.77.3.1-10.77.3.100"
NEWCOMERS_PER_SECOND = 100
SCANNED = ipaddress.IPv4Network("10.77.128.0/17")
SCAN_BURST = 100  # datagrams, a hundred times a second
SCAN_FILLS_SECONDS = 1  # with the time to settle it is long enough for arpline, which checks every second
TABLE = Path("/proc/net/stat/arp_cache")
ROOM = 256
TITLE = "M3: the neighbour table of the whole host is full"
STORY = f"""\
The kernel's neighbour table has 1,024 places for the host and all its containers together (gc_thresh3). Every who-has
that a container answers takes one, and without a place the kernel answers nobody and asks for nobody.
First the wire floods {FLOOD_PER_SECOND:,} who-has a second whose senders are forged: any address of the subnet, the
containers' own among them. A well-behaved peer asks for {CHILDREN} containers, and they try to reach their gateway,
{GATEWAY}. Then the host itself scans a subnet, and new requesters ask for the containers."""


def build(lab):
    host, peer = receiving(lab, CHILDREN)
    host.address("10.77.0.2/16")
    for child in host.children:  # the peer stands for another machine, which would have a table of its own
        peer.ns.ip("neigh", "replace", child.address, "lladdr", child.mac, "dev", peer.nic, "nud", "permanent")
    return host, peer


def entries() -> int:
    """Entries in the neighbour table, which all namespaces share."""
    return int(TABLE.read_text(encoding="ascii").splitlines()[1].split()[0], 16)


def make_room(*nodes, seconds=10.0) -> None:
    """Waits until the table has room; the kernel removes the entries of a lab that is gone after a moment."""
    for node in nodes:
        node.ns.ip("neigh", "flush", "all", check=False)
    end = time.monotonic() + seconds
    while entries() > ROOM and time.monotonic() < end:
        time.sleep(0.1)


def warm(host, peer) -> None:
    """Pings until every container's kernel has answered."""
    peer.arpgen("--to", targets(host), frames=10 * len(host.children), rate=500,
                deadline_ms=DEADLINE_MS)


def wait_for_flood(host, packets_before, seconds=5.0) -> None:
    """Waits until the next flood arrives; without a flood, free entries stay free."""
    end = time.monotonic() + seconds
    while host.received_packets() < packets_before + FLOOD_PER_SECOND // 100 and time.monotonic() < end:
        time.sleep(0.02)


def random_requesters(host, peer, seconds=SECONDS):
    """Returns (share of the well-behaved peer's who-has answered, containers that reached their gateway)."""
    flood = f"who-has to={targets(host)} from={FORGED} macs=own"
    for child in host.children:  # before the table is full, or the entry would be missing
        child.ns.ip("neigh", "del", GATEWAY, "dev", child.interface, check=False)
    peer.arpgen("--traffic", flood, rate=FLOOD_PER_SECOND, seconds=0.5, settle_ms=SETTLE_MS,
                deadline_ms=DEADLINE_MS)
    filled, before = entries(), host.received_packets()
    with ThreadPoolExecutor() as together:
        running = together.submit(peer.arpgen, "--traffic", f"{flood} weight={FLOOD_PER_SECOND // GOOD_PER_SECOND}",
                                  "--traffic", f"who-has to={targets(host)} from={WELL_BEHAVED}",
                                  rate=FLOOD_PER_SECOND, seconds=seconds, settle_ms=SETTLE_MS,
                                  deadline_ms=DEADLINE_MS)
        wait_for_flood(host, before)
        found = sum(together.map(lambda child: child.ping(GATEWAY, count=2).answered > 0, host.children))
        answers = running.result()["streams"][1]["answers"]
    say(f"random requesters: {filled} entries in the table; {percent(answers['ratio'])} of a well-behaved peer's "
        f"who-has answered; {found} of {len(host.children)} containers reach the gateway")
    return answers["ratio"], found


def scanning(host):
    """Sends a datagram to each address in turn, about 10,000 a second."""
    addresses = itertools.cycle(str(SCANNED[number]) for number in range(1, SCANNED.num_addresses - 1))
    return datagrams.sending(host, addresses, size=0, burst=SCAN_BURST, gap_seconds=0.01)


def host_scans(host, peer, seconds=SECONDS):
    """Returns the share of new requesters' who-has that were answered."""
    with scanning(host):
        time.sleep(SCAN_FILLS_SECONDS)
        filled = entries()
        answers = peer.arpgen("--traffic", f"who-has to={targets(host)} from={NEWCOMERS}", rate=NEWCOMERS_PER_SECOND,
                              seconds=seconds, settle_ms=SETTLE_MS, deadline_ms=DEADLINE_MS)["answers"]
    say(f"the host scans: {filled} entries in the table; {percent(answers['ratio'])} of new requesters' who-has "
        "answered")
    return answers["ratio"]


def measure(host, peer, seconds=SECONDS):
    """(share of the well-behaved peer's answered, containers that reached the gateway, share of newcomers' answered)"""
    make_room()
    warm(host, peer)
    flooded = random_requesters(host, peer, seconds)
    make_room(host, peer, *host.children)
    scanned = host_scans(host, peer, seconds)
    make_room(host, peer, *host.children)
    return *flooded, scanned


def side(lab, served):
    host, peer = build(lab)
    if served:
        host.start_arplined()
    return measure(host, peer), (host, peer)


def hints(_lab, host, peer):
    return [
        "fill the table by random requesters, and look at it:",
        f"  ip netns exec {peer.ns.name} {arpgen()} run --interface {peer.nic} --traffic 'who-has to={targets(host)} "
        f"from={FORGED} macs=own' --rate 100k --seconds 10 &",
        "  ip -s ntable show name arp_cache | grep entries",
        "can a container resolve its gateway?",
        f"  ip -n {host.children[0].ns.name} neigh del {GATEWAY} dev mv0",
        f"  ip netns exec {host.children[0].ns.name} ping -c 3 {GATEWAY}",
        "who answered:",
        f"  nsenter --net={host.ns.path} {arpline()} status",
    ]


def play(keep=False) -> Outcome:
    before, after, lines = twice(side, "arplined --parent nic0", keep, hints)
    return Outcome(rows=[
        ("random requesters: a peer's who-has answered", percent(before[0]), percent(after[0]), "over 99 %"),
        (f"  containers that reach their gateway, of {CHILDREN}", str(before[1]), str(after[1]), str(CHILDREN)),
        ("the host scans: new requesters answered", percent(before[2]), percent(after[2]), "over 99 %"),
    ], kept_its_promise=after[0] > 0.99 and after[1] == CHILDREN and after[2] > 0.99, hints=lines)
