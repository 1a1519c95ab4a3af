# SPDX-License-Identifier: Apache-2.0
"""Children on nic0.100 are endpoints of nic0 with VLAN 100; other VLANs and the host are left alone."""
import pytest
from common import (Arplined, announcements, confirm, endpoint, frames, never_answered, residue, verdict, wait_state,
                    who_has)
from trunk import answers_itself, nothing_for, served, tag

pytestmark = pytest.mark.needs("vlan")
ADDRESS = "10.77.1.1"
PREFIX = f"{ADDRESS}/16"
QUICK = {"announce": {"refresh": "1s"}}


def test_child_of_a_vlan_interface_is_answered_with_its_tag(lab):
    host, _, wire = served(lab, 100, children=(100,))
    child = host.children[0]
    first = answers_itself(wire, child)
    wait_state(host, child, "confirmed")
    ringed = verdict(host, "ring")
    second = answers_itself(wire, child)
    assert verdict(host, "ring") == ringed + 1
    assert second.bytes_without_padding == first.bytes_without_padding
    entry = endpoint(host, child)
    assert (entry["vlan"], entry["mac"], entry["interface"]) == (100, child.mac, child.interface), entry
    assert not [one for one in host.status()["warnings"] if "tags" in one]


def test_who_has_without_its_tag_or_with_another_is_not_answered(lab):
    host, _, wire = served(lab, 100, 200, children=(100,))
    child = host.children[0]
    confirm(wire, host, child)
    ringed, foreign = endpoint(host, child)["ringed"], verdict(host, "foreign")
    for tags in ((), (tag(200),), (tag(300),), (tag(0),)):
        nothing_for(wire, child, tags)
    assert endpoint(host, child)["ringed"] == ringed and verdict(host, "foreign") == foreign + 4


def test_same_address_in_two_vlans_and_in_none_is_three_endpoints(trunk):
    host, peer = trunk(100, 200)
    children = [host.add_child(address=PREFIX, vlan=vlan) for vlan in (0, 100, 200)]
    host.start_arplined()
    wire = peer.wire()
    confirm(wire, host, *children)
    ringed = verdict(host, "ring")
    for _ in range(5):
        for child in children:
            answers_itself(wire, child)
    assert verdict(host, "ring") == ringed + 15
    assert {endpoint(host, child)["state"] for child in children} == {"confirmed"}


def test_confirmed_in_one_vlan_is_not_confirmed_in_another(trunk):
    host, peer = trunk(100, 200)
    asked, other = (host.add_child(address=PREFIX, vlan=vlan) for vlan in (100, 200))
    host.start_arplined()
    wire = peer.wire()
    confirm(wire, host, asked)
    assert endpoint(host, other)["state"] != "confirmed", endpoint(host, other)
    new = verdict(host, "to_child_new")
    answers_itself(wire, other)
    assert verdict(host, "to_child_new") == new + 1, "its own kernel has to answer first"


def test_claim_in_one_vlan_does_not_contest_another(trunk):
    host, peer = trunk(100, 200)
    contested, stays = (host.add_child(address=PREFIX, vlan=vlan) for vlan in (100, 200))
    host.start_arplined()
    wire = peer.wire()
    confirm(wire, host, contested, stays)
    wire.send(who_has(contested, "02:cc:00:00:00:01", ADDRESS))
    wait_state(host, contested, "confirmed", reason="contested")
    ringed = endpoint(host, stays)["ringed"]
    answers_itself(wire, stays)
    assert endpoint(host, stays)["ringed"] == ringed + 1 and endpoint(host, stays)["claims"] == 0


def test_real_clients_in_a_vlan_are_answered_cold_and_warm(lab):
    host, peer, _ = served(lab, 100, children=(100, 100))
    peer.ns.ip("addr", "flush", "dev", peer.nic)
    peer.add_vlan(100, "10.77.0.1/16")
    for child in host.children:
        for _ in range(2):
            peer.forget()
            assert peer.ping(child.address).answered == 3
        assert child.ping("10.77.0.1").answered == 3
    assert verdict(host, "to_child_new") + verdict(host, "ring") > 0


def test_vlan_interface_and_child_that_come_later_are_found(lab):
    host, _, wire = served(lab, children=(0,))
    host.add_vlan(100)
    for created_inside in (False, True):
        child = host.add_child(vlan=100, created_inside=created_inside)
        confirm(wire, host, child)
        answers_itself(wire, child)
    confirm(wire, host, host.children[0])


def test_vlan_interface_that_goes_down_takes_its_endpoints_and_no_others(lab):
    host, _, wire = served(lab, 100, 200, children=(100, 200))
    goes, stays = host.children
    confirm(wire, host, goes, stays)
    host.ns.ip("link", "set", "nic0.100", "down")
    wait_state(host, goes, "not_served", reason="down")
    never_answered(wire, goes)
    answers_itself(wire, stays)
    host.ns.ip("link", "set", "nic0.100", "up")
    confirm(wire, host, goes)
    answers_itself(wire, goes)


def test_vlan_interface_that_is_deleted_takes_its_endpoints(lab):
    host, _, wire = served(lab, 100, 200, children=(100, 200))
    goes, stays = host.children
    confirm(wire, host, goes, stays)
    host.ns.ip("link", "del", "nic0.100")
    wait_state(host, goes, None)
    never_answered(wire, goes)
    answers_itself(wire, stays)


def test_vlan_interface_that_is_made_again_is_served_again(lab):
    host, _, wire = served(lab, 100, children=(100,))
    first = host.children[0]
    confirm(wire, host, first)
    host.ns.ip("link", "del", "nic0.100")
    wait_state(host, first, None)
    host.add_vlan(100)
    second = host.add_child(address=PREFIX, vlan=100)
    assert (second.address, second.mac == first.mac) == (first.address, False)
    confirm(wire, host, second)
    for _ in range(3):
        answers_itself(wire, second)


def test_vlan_interface_with_a_mac_of_its_own_is_served(trunk):
    host, peer = trunk()
    host.add_vlan(100, "10.77.0.2/16", mac="02:aa:00:00:01:00")
    child = host.add_child(vlan=100)
    host.start_arplined()
    wire = peer.wire()
    confirm(wire, host, child)
    answers_itself(wire, child)
    found = wire.replies(frames.arp(eth_src="02:b0:00:00:00:01", spa="10.77.0.9", tpa="10.77.0.2",
                                    tags=(tag(100),)), 1.0)
    assert [one.sha for one in found] == ["02:aa:00:00:01:00"], f"the host's own address: {found}"


def test_hosts_own_address_in_a_vlan_is_left_to_the_host(lab):
    host, peer, wire = served(lab, 200, children=(200,))
    host.add_vlan(100, "10.78.0.1/16")
    foreign = verdict(host, "foreign")
    for _ in range(3):
        found = wire.replies(frames.arp(eth_src="02:b0:00:00:00:02", spa="10.78.0.9", tpa="10.78.0.1",
                                        tags=(tag(100),)), 1.0)
        assert [(one.sha, one.tags) for one in found] == [(host.mac, (tag(100),))]
    assert verdict(host, "foreign") == foreign + 3
    peer.add_vlan(100, "10.78.0.2/16")
    assert peer.ping("10.78.0.1").answered == 3
    assert not [one for one in host.status()["endpoints"] if one["address"] == "10.78.0.1"]


def test_hosts_own_address_in_a_vlan_is_answered_beyond_the_limit_on_foreign_who_has(lab):
    """Once the host has answered for it."""
    host, _, wire = served(lab, 200, children=(200,), config={"limits": {"foreign": 5}})
    host.add_vlan(100, "10.78.0.1/16")

    def who_has_in_100(address):
        return frames.arp(eth_src="02:b0:00:00:00:02", spa="10.78.0.9", tpa=address, tags=(tag(100),))
    for _ in range(10):
        assert [one.sha for one in wire.replies(who_has_in_100("10.78.0.1"), 1.0)] == [host.mac]
        for number in range(20):
            wire.send(who_has_in_100(f"10.78.9.{number}"))
    assert verdict(host, "foreign_limited") > 50


def test_container_that_has_the_vlan_interface_itself_is_left_to_its_kernel(lab):
    host, _, wire = served(lab, 100, 200, children=(200,))
    container = lab.namespace("container")
    host.ns.ip("link", "set", "nic0.100", "netns", container.name)
    container.ip_batch(["addr add 10.78.0.1/16 dev nic0.100", "link set nic0.100 up"])
    for _ in range(3):
        found = wire.replies(frames.arp(eth_src="02:b0:00:00:00:02", spa="10.78.0.9", tpa="10.78.0.1",
                                        tags=(tag(100),)), 1.0)
        assert [(one.sha, one.tags) for one in found] == [(host.mac, (tag(100),))]
    confirm(wire, host, host.children[0])
    assert [one["address"] for one in host.status()["endpoints"]] == [host.children[0].address]


def test_container_with_a_leg_in_each_vlan_is_served_in_both(trunk):
    host, peer = trunk(100, 200)
    first = host.add_child(vlan=100)
    second = host.add_child(address="10.79.1.1/16", vlan=200, ns=first.ns, interface="mv1")
    host.start_arplined()
    wire = peer.wire()
    confirm(wire, host, first)
    confirm(wire, host, second, address="10.79.0.9")
    ringed = verdict(host, "ring")
    answers_itself(wire, first)
    answers_itself(wire, second, address="10.79.0.9")
    assert verdict(host, "ring") == ringed + 2


def test_child_of_a_vlan_interface_is_announced_with_its_tag(lab):
    host, _, wire = served(lab, 100, config=QUICK, children=(100,))
    child = host.children[0]
    found = announcements(wire.collect(6.0, lambda all_: len(announcements(all_, child)) >= 3), child)
    assert len(found) >= 3, f"{len(found)} announcements"
    assert {(one.eth_src, one.sha, one.tags) for one in found} == {(child.mac, child.mac, (tag(100),))}


def test_nothing_of_a_vlan_is_left_after_a_stop(trunk):
    host, peer = trunk(100)
    child = host.add_child(vlan=100)
    daemon = Arplined(host)
    daemon.wait_serving()
    wire = peer.wire()
    confirm(wire, host, child)
    assert daemon.stop() == 0
    assert not residue(host)
    answers_itself(wire, child)
