# SPDX-License-Identifier: Apache-2.0
"""
Priority tags, two tags, service tags, and tags that the NIC strips, which XDP can't see. An answer that is right in one
VLAN must not be given in another.
"""
import pytest
from common import confirm, exchange, frames, verdict, wait_state, wait_until, who_has
from trunk import answers_itself, nothing_for, served, tag

pytestmark = pytest.mark.needs("vlan")
NEIGHBOURS = 30


def ask_as_many(wire, child):
    """The answers to NEIGHBOURS requesters that have not asked before."""
    _, found = exchange(wire, lambda n: who_has(child, f"02:b3:00:00:00:{n:02x}", f"10.77.4.{n + 1}"), 200,
                        NEIGHBOURS / 200)
    return [one for one in found if one.op == frames.REPLY]


def test_priority_tag_means_no_vlan(lab):
    host, _, wire = served(lab, 100, children=(0,))
    child = host.children[0]
    first = answers_itself(wire, child, tags=(tag(5 << 13),))
    wait_state(host, child, "confirmed")
    ringed = verdict(host, "ring")
    second = answers_itself(wire, child, tags=(tag(5 << 13),))
    assert verdict(host, "ring") == ringed + 1
    assert second.bytes_without_padding == first.bytes_without_padding


def test_priority_in_the_tag_of_a_vlan_changes_nothing(lab):
    host, _, wire = served(lab, 100, children=(100,))
    child = host.children[0]
    confirm(wire, host, child)
    ringed = verdict(host, "ring")
    answers_itself(wire, child, tags=(tag(100 | 5 << 13),))
    assert verdict(host, "ring") == ringed + 1


def test_child_behind_two_tags_is_left_to_its_kernel(lab):
    host, _, wire = served(lab, 100, children=(100,))
    host.ns.ip("link", "add", "link", "nic0.100", "name", "nic0.7", "type", "vlan", "id", 7)
    host.ns.ip("link", "set", "nic0.7", "up")
    child = host.add_child(vlan=7)
    confirm(wire, host, host.children[0])
    before = verdict(host, "tags")
    for _ in range(3):
        found = wire.replies(who_has(child, tags=(tag(100), tag(7))), 1.0)
        assert [(one.sha, one.tags) for one in found] == [(child.mac, (tag(100), tag(7)))]
    assert verdict(host, "tags") == before + 3
    nothing_for(wire, child, (tag(7),))
    assert not [one for one in host.status()["endpoints"] if one["address"] == child.address]


def test_child_behind_a_service_tag_is_left_to_its_kernel(lab):
    host, _, wire = served(lab, 200, children=(200,))
    host.ns.ip("link", "add", "link", "nic0", "name", "nic0.100", "type", "vlan", "proto", "802.1ad", "id", 100)
    host.ns.ip("link", "set", "nic0.100", "up")
    child = host.add_child(vlan=100)
    confirm(wire, host, host.children[0])
    service = tag(100, frames.TAG_8021AD)
    found = wire.replies(who_has(child, tags=(service,)), 1.0)
    assert [(one.sha, one.tags) for one in found] == [(child.mac, (service,))]
    nothing_for(wire, child, (tag(100),))
    assert not [one for one in host.status()["endpoints"] if one["address"] == child.address]


def test_stripped_tags_are_warned_about_with_the_command(trunk):
    command = "ethtool -K nic0 rxvlan off"
    host, _ = trunk(100, tags_in_frames=False)
    assert command in host.arpline("preflight", host.nic).stdout
    daemon = host.start_arplined()
    wait_until(lambda: [one for one in host.status()["warnings"] if command in one], what="status warns")
    assert daemon.stop() == 0
    host.ns.run(*command.split())
    assert command not in host.arpline("preflight", host.nic).stdout
    host.start_arplined()
    assert not [one for one in host.status()["warnings"] if "tags" in one]


def test_who_has_whose_tag_was_stripped_is_answered_only_in_its_vlan(trunk):
    """The peer asks in VLAN 100; without its tag the frame looks like a who-has for the untagged child."""
    host, peer = trunk(100, tags_in_frames=False)
    untagged = host.add_child()
    host.start_arplined({"limits": {"to_child": 1}})
    wire = peer.wire()
    confirm(wire, host, untagged)
    peer.tag_arp(in_frame=False)
    ringed = verdict(host, "ring")
    answers = ask_as_many(wire, untagged)
    assert not answers, answers
    assert verdict(host, "ring") == ringed


def test_confirmed_pair_is_answered_although_tags_are_stripped(trunk):
    """An unconfirmed requester gets its answer from the kernel, although the budget is spent."""
    host, peer = trunk(100, tags_in_frames=False)
    untagged = host.add_child()
    host.start_arplined({"limits": {"to_child": 1}})
    wire = peer.wire()
    confirm(wire, host, untagged)
    ringed = verdict(host, "ring")
    for _ in range(3):
        answers_itself(wire, untagged)
    assert verdict(host, "ring") == ringed + 3
    assert len(ask_as_many(wire, untagged)) == NEIGHBOURS
    assert verdict(host, "ring") == ringed + 3 and verdict(host, "over_budget") > 0


def test_child_of_a_vlan_interface_is_reached_although_tags_are_stripped(trunk):
    host, peer = trunk(100, tags_in_frames=False)
    child = host.add_child(vlan=100)
    host.start_arplined()
    peer.ns.ip("addr", "flush", "dev", peer.nic)
    peer.add_vlan(100, "10.77.0.1/16")
    for _ in range(2):
        peer.forget()
        assert peer.ping(child.address).answered == 3
