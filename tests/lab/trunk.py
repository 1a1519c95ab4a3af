# SPDX-License-Identifier: Apache-2.0
"""Shared by the tests with VLANs."""
from common import frames, wait_known, who_has, wired


def tag(vlan, kind=frames.TAG_8021Q):
    return kind, vlan


def trunk(lab, *vlans, tags_in_frames=True):
    """A host with VLAN interfaces and a cable to a peer. Returns (host, peer)."""
    host, peer = wired(lab, children=0)
    if tags_in_frames:
        host.keep_tags()
        peer.keep_tags()
    for vlan in vlans:
        host.add_vlan(vlan)
    return host, peer


def served(lab, *vlans, config=None, children=()):
    """A served host with a child on each VLAN of `children`. Returns (host, peer, the peer's wire)."""
    host, peer = trunk(lab, *vlans)
    for vlan in children:
        host.add_child(vlan=vlan)
    host.start_arplined(config)
    wait_known(host, *host.children)
    return host, peer, peer.wire()


def answers_itself(wire, child, **fields):
    """Expects one answer, with the child's MAC and tag. Returns it."""
    found = wire.replies(who_has(child, **fields), 1.0)
    wanted = [(child.mac, (tag(child.vlan),) if child.vlan else ())]
    assert [(one.sha, one.tags) for one in found] == wanted, f"{child.address} in VLAN {child.vlan}: {found}"
    return found[0]


def nothing_for(wire, child, tags):
    found = wire.replies(who_has(child, tags=tags), 0.5, count=0)
    assert not found, f"asked with tags {tags}: {found}"
