# SPDX-License-Identifier: Apache-2.0
"""Macvlan modes, kinds, places and addresses of interfaces and their effect on answers; and the daemon's modes."""
from types import SimpleNamespace

from common import REQUESTER_MAC, announcements, confirm, endpoint, frames, verdict, wait_known, wait_state, who_has
from containers import left_to_its_kernel, served

QUICK = {"announce": {"refresh": "1s"}}
OBSERVE = {"mode": "observe", **QUICK}


def another(child, address):
    """Another address on the same interface."""
    return SimpleNamespace(address=address, mac=child.mac, interface=child.interface, vlan=0)


def answers(wire, frame):
    """The MACs that answer; waits for a second answer too."""
    return sorted(one.sha for one in wire.replies(frame, 0.3, 0))


def test_bridge_vepa_and_private_side_by_side_are_served(serve):
    host, _, _, wire = serve(children=0)
    for child in [host.add_child(mode=mode) for mode in ("bridge", "vepa", "private")]:
        served(wire, host, child)


def test_passthru_with_the_parents_mac_is_served(serve):
    host, _, _, wire = serve(mode="passthru")
    child = host.children[0]
    assert child.mac == host.mac
    served(wire, host, child)


def test_mode_source_is_left_to_its_kernel(serve):
    host, _, _, wire = serve(mode="source")
    child = host.children[0]
    child.link("type", "macvlan", "macaddr", "add", REQUESTER_MAC)
    left_to_its_kernel(wire, host, child, "mode_source")


def test_macvtap_with_an_address_is_served(lab, serve):
    host, _, _, wire = serve(children=0)
    box = lab.namespace("box")
    host.ns.ip(*f"link add link {host.nic} name tap9 type macvtap mode bridge".split())
    host.ns.ip("link", "set", "tap9", "netns", box.name)
    box.ip_batch(["addr add 10.77.2.1/16 dev tap9", "link set tap9 up"])
    mac = box.run("ip", "-br", "link", "show", "dev", "tap9").stdout.split()[2]
    served(wire, host, SimpleNamespace(address="10.77.2.1", mac=mac, vlan=0))


def test_siblings_request_that_comes_back_from_the_wire_gets_what_the_kernel_gives(wired):
    """By a switch in hairpin mode, or by a loop. In mode private the kernel is silent."""
    host, peer = wired(children=0)
    children = [host.add_child(mode=mode) for mode in ("bridge", "bridge", "private", "vepa")]
    asked = [(one, other) for one in children for other in children if one is not other]
    wire = peer.wire()

    def ask_all():
        return [answers(wire, who_has(other, one.mac, one.address)) for one, other in asked]
    bare = ask_all()
    assert [] in bare and any(bare), "the modes are all alike: this tests nothing"
    host.start_arplined()
    confirm(wire, host, *children)
    before = verdict(host, "own_mac")
    assert ask_all() == bare
    assert verdict(host, "own_mac") == before + len(asked)


def test_every_address_of_an_interface_is_served(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    more = {"10.77.1.200/16": "10.77.0.9", "10.88.0.5/24": "10.88.0.9", "192.168.9.1/30": "192.168.9.2"}
    for address in more:
        child.add_address(address)
    served(wire, host, child)
    for address, requester in more.items():
        one = another(child, address.split("/")[0])
        confirm(wire, host, one, address=requester)
        before = endpoint(host, one)["ringed"]
        assert answers(wire, who_has(one, address=requester)) == [child.mac]
        assert endpoint(host, one)["ringed"] == before + 1


def test_requester_outside_the_addresss_subnet_is_answered_once_its_kernel_has_answered_it(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    child.add_address("10.99.0.7/32")
    alone = another(child, "10.99.0.7")
    wait_known(host, alone)
    before = verdict(host, "to_child_new")
    for _ in range(3):
        assert answers(wire, who_has(alone)) == [child.mac]
    assert verdict(host, "to_child_new") == before + 1 and endpoint(host, alone)["ringed"] == 2


def test_requester_outside_the_addresss_subnet_is_not_answered_where_its_kernel_is_silent(serve):
    host, _, _, wire = serve(config={"limits": {"to_child": 2, "to_child_trusted": 0}})
    child = host.children[0]
    child.add_address("10.99.0.7/32")
    child.ns.sysctl("net/ipv4/conf/all/arp_ignore", 2)
    alone = another(child, "10.99.0.7")
    wait_known(host, alone)
    for _ in range(30):
        wire.send(who_has(alone))
    assert not [one for one in wire.collect(1.0) if one.op == frames.REPLY and one.spa == alone.address]
    assert verdict(host, "odd") > 0, "the budget was spent"


def test_hosts_own_macvlan_is_neither_answered_for_nor_announced(serve):
    host, _, _, wire = serve(config=QUICK)
    host.ns.ip_batch([f"link add link {host.nic} name own9 type macvlan mode bridge",
                      "addr add 10.77.3.1/16 dev own9", "link set own9 up"])
    mac = host.ns.run("ip", "-br", "link", "show", "dev", "own9").stdout.split()[2]
    own = SimpleNamespace(address="10.77.3.1", mac=mac, vlan=0)
    left_to_its_kernel(wire, host, own, "host")
    found = wire.collect(2.5)
    assert announcements(found, host.children[0]) and not announcements(found, own)


def test_two_interfaces_of_one_container_on_one_parent_are_left_to_its_kernel(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    second = host.add_child(ns=child.ns, interface="mv1")
    for one in (child, second):
        left_to_its_kernel(wire, host, one, "flux")
    second.link("down")
    wait_state(host, second, "not_served", 5, "down")
    served(wire, host, child)


def test_request_for_an_address_that_nobody_has_is_answered_by_nobody(serve):
    _, _, _, wire = serve()
    assert not wire.replies(frames.arp(eth_src=REQUESTER_MAC, spa="10.77.0.9", tpa="10.77.200.200"), 0.5)


def test_observe_counts_what_it_would_do_and_does_nothing(lab, serve):
    host, _, _, wire = serve(config=OBSERVE)
    child = host.children[0]
    inside = lab.closing(type(wire)(child.ns, child.interface))
    for _ in range(3):
        assert len(wire.replies(who_has(child), 1.0)) == 1
    seen = [one for one in inside.collect(0.3) if one.op == frames.REQUEST and one.tpa == child.address]
    assert len(seen) == 3 and all(one.eth_dst == frames.BROADCAST for one in seen), "requests were changed"
    verdicts = host.status()["verdicts"]
    assert verdicts["would_to_child_new"] >= 1 and verdicts["would_ring"] >= 1, verdicts
    acted = {name: count for name, count in verdicts.items()
             if count and (name.startswith("to_child") or name == "ring")}
    assert not acted, acted
    assert sum(host.status()["engine_verdicts"].values()) == 0


def test_observe_announces_nothing(serve):
    host, _, _, wire = serve(config=OBSERVE)
    late = host.add_child()
    found = wire.collect(4.0)
    assert not [one for child in (host.children[0], late) for one in announcements(found, child)]


def test_answer_mode_makes_a_new_request_unicast(lab, serve):
    host, _, _, wire = serve()
    child = host.children[0]
    inside = lab.closing(type(wire)(child.ns, child.interface))
    wire.replies(who_has(child), 1.0)
    seen = [one for one in inside.collect(0.3) if one.op == frames.REQUEST and one.tpa == child.address]
    assert [one.eth_dst for one in seen] == [child.mac]
    assert verdict(host, "to_child_new") == 1
