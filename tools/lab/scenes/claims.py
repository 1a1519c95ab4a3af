# SPDX-License-Identifier: Apache-2.0
"""A wrong entry at the peer: the container came back with another MAC, or a sibling claims its address."""
import json
import time

from .. import arpline, wired
from . import Outcome, percent, say, twice

NAME = "claims"
TITLE = "M5: somebody else has, or claims, the address"
STORY = """\
A peer talks to the containers of a host. The first is replaced by one with the same address and a new MAC, as some
runtimes do at every restart: the peer goes on sending to the old MAC, for as long as its ARP entry lasts. Then the
third container announces the second one's address as its own, and the peer believes it."""

NEW_MAC = "02:a7:00:00:66:66"
PINGS = 5
APPEARS_SECONDS = 1.0  # for the announcement of the new endpoint; no pings meanwhile
CLAIMS = 5
DROP = {"claims": "drop"}


def build(lab):
    host, peer = wired(lab, children=3)
    return host, peer


def entry(peer, address) -> str:
    """The MAC in the peer's neighbour entry."""
    found = json.loads(peer.ns.ip("-j", "neigh", "show", address).stdout)
    return next((one.get("lladdr", "") for one in found), "")


def lost(peer, address) -> float:
    pings = peer.ping(address, count=PINGS, interval=0.1)
    return 1 - pings.answered / pings.sent


def restarted(host, peer):
    """A container comes back with a new MAC. Returns the share of pings lost to it."""
    old = host.children[0]
    assert lost(peer, old.address) == 0, f"{old.address} can't be reached at all"
    old.delete()
    host.add_child(address=f"{old.address}/{old.prefix_bits}", mac=NEW_MAC)
    time.sleep(APPEARS_SECONDS)
    share = lost(peer, old.address)
    say(f"restarted with a new MAC: {percent(share)} of the pings lost; the peer sends to {entry(peer, old.address)}")
    return share


def claimed(host, peer, victim, sibling):
    """A container claims its sibling's address. Returns (share of pings to it lost, whether the peer believed it)."""
    assert lost(peer, victim.address) == 0, f"{victim.address} can't be reached at all"
    for _ in range(CLAIMS):  # one by one, because arping ends when a frame can't be sent
        sibling.ns.run("arping", "-U", "-c", "1", "-W", "0.05", "-i", sibling.interface, "-S", victim.address,
                       victim.address, check=False)
    believed = entry(peer, victim.address) == sibling.mac
    share = lost(peer, victim.address)
    say(f"claimed by a sibling: {percent(share)} of the pings lost; the peer "
        f"{'believes the claim' if believed else 'never heard of it'}")
    return share, believed


def measure(host, peer):
    """(share of pings lost after the restart, share lost after the claim, whether the peer believed it)"""
    victim, sibling = host.children[1:]
    return restarted(host, peer), *claimed(host, peer, victim, sibling)


def side(lab, served):
    host, peer = build(lab)
    if served:
        host.start_arplined(DROP)
    return measure(host, peer), (host, peer)


def hints(_lab, host, peer):
    victim, sibling = host.children[:2]
    return [
        "claim a sibling's address, and look at the peer's entry:",
        f"  ip netns exec {sibling.ns.name} arping -U -c 1 -i {sibling.interface} -S {victim.address} {victim.address}",
        f"  ip -n {peer.ns.name} neigh show {victim.address}",
        "what the engine saw:",
        f"  nsenter --net={host.ns.path} {arpline()} status",
    ]


def play(keep=False) -> Outcome:
    before, after, lines = twice(side, 'arplined --parent nic0, claims = "drop"', keep, hints)
    words = ["yes" if side_[2] else "no" for side_ in (before, after)]
    return Outcome(rows=[
        ("pings lost after a restart with a new MAC", percent(before[0]), percent(after[0]), "0 %"),
        ("pings lost after a sibling's claim", percent(before[1]), percent(after[1]), "0 %"),
        ("the peer believed the claim", *words, "no"),
    ], kept_its_promise=after == (0, 0, False), hints=lines)
