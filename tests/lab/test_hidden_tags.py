# SPDX-License-Identifier: Apache-2.0
"""Tags that the NIC strips, on a parent without VLAN interfaces: a requester in a VLAN gets no untagged answer."""
from common import confirm, endpoint, exchange, frames, wait_until, who_has

NEW = 40


def tag(peer, program) -> None:
    """Makes ARP leave the peer with its tag outside the frame, as a NIC that strips tags delivers it."""
    peer.ns.run("ethtool", "-K", peer.nic, "txvlan", "on")
    peer.ns.run("tc", "qdisc", "replace", "dev", peer.nic, "clsact")
    peer.ns.run("tc", "filter", "replace", "dev", peer.nic, "egress", "pref", 1, "handle", 1, "bpf", "da",
                "obj", peer.lab.bpf_object(program), "sec", "tc")


def untag(peer) -> None:
    peer.ns.run("tc", "filter", "del", "dev", peer.nic, "egress", "pref", 1)


def answers_to_new_requesters(wire, child, third):
    _, found = exchange(wire, lambda n: who_has(child, f"02:b4:00:00:{third:02x}:{n:02x}", f"10.77.{third}.{n + 1}"),
                        200, NEW / 200)
    return [one for one in found if one.op == frames.REPLY]


def told(host, command):
    return [one for one in host.status()["warnings"] if command in one]


def who_asks_in_a_vlan_is_not_answered(serve_fast, program, command, *offload_off):
    host, peer, daemon, wire = serve_fast(1, "[limits]\nto_child = 2\n")
    child = host.children[0]
    confirm(wire, host, child)
    assert not told(host, "ethtool -K"), "no tag has come in: nothing is held back"
    assert answers_to_new_requesters(wire, child, 20), "the program answers above the budget"
    tag(peer, program)
    wire.send(frames.arp(eth_src="02:b4:00:00:09:01", spa="10.77.9.1", tpa="10.77.200.200"))  # any address will do
    wait_until(lambda: told(host, command), 5, "the status names the offload")
    assert command.split()[0] in host.arpline("preflight", host.nic).stdout
    assert not answers_to_new_requesters(wire, child, 21), "an untagged answer to who asked in a VLAN"
    untag(peer)
    host.ns.run("ethtool", "-K", host.nic, *offload_off)
    wait_until(lambda: not told(host, command), 15, "tags are in the frames now")
    assert endpoint(host, child)["reason"] is None


def test_tag_that_the_nic_takes_out_is_noticed_without_a_vlan_interface(serve_fast):
    who_asks_in_a_vlan_is_not_answered(serve_fast, "vlan_push", "rxvlan off", "rxvlan", "off")


def test_service_tag_that_the_nic_takes_out_is_noticed_too(serve_fast):
    offload = "rx-vlan-stag-hw-parse"
    who_asks_in_a_vlan_is_not_answered(serve_fast, "stag_push", f"{offload} off", offload, "off")


def test_veth_without_any_tag_is_served_above_the_budget_although_its_offloads_are_on(serve_fast):
    host, _, _, wire = serve_fast(1, "[limits]\nto_child = 2\n")
    confirm(wire, host, host.children[0])
    assert len(answers_to_new_requesters(wire, host.children[0], 22)) == NEW
