# SPDX-License-Identifier: Apache-2.0
"""Frames and losses of others never make arpline answer less than the container's own kernel would."""
import time

import pytest
from common import (REQUESTER, REQUESTER_MAC, confirm, endpoint, frames, never_answered, verdict, wait_state,
                    wait_until, who_has)
from test_edges import flooded
from test_egress import wire_of

CLAIMANT = "02:cc:00:00:00:01"
MANY = "requesters=uniform from=10.77.128.0-10.77.255.250 macs=own"
NO_TO_CHILD = {"limits": {"to_child": 0, "to_child_trusted": 0}}


def answered_by_arpline(host, child):
    now = endpoint(host, child)
    return now["ringed"] + now["reflected"]


def stranger(number):
    """A requester that arpline has not seen before."""
    return f"02:b2:00:00:{number >> 8:02x}:{number & 255:02x}", f"10.77.{100 + (number >> 8)}.{number & 255}"


def never_answers(child):
    child.ns.sysctl("net/ipv4/conf/all/arp_ignore", 8)


def fall_silent(wire, host, child):
    """Makes its kernel silent and waits until arpline has noticed."""
    never_answers(child)
    numbers = iter(range(1, 10_000))

    def ask():
        wire.send(who_has(child, *stranger(next(numbers))))
        wire.collect(0.2)
        return endpoint(host, child)["reason"] == "unanswered"
    wait_until(ask, 20, "three checks went unanswered")


def neighbours(child):
    return child.ns.ip("neigh", "show", "dev", child.interface).stdout


@pytest.mark.timeout(120)
def test_claims_of_every_endpoint_take_no_answer_away(serve):
    """The who-has of a flood have senders from the whole subnet, and so claim all 64 addresses."""
    host, _, _, wire = serve(children=64, config={"limits": {"host_share": "off"}})
    confirm(wire, host, *host.children)
    for child in host.children:
        wire.send(frames.arp(eth_src=CLAIMANT, spa=child.address, tpa="10.77.200.200"))
    wait_until(lambda: all(endpoint(host, child)["reason"] == "contested" for child in host.children), 5,
               "all are contested")
    before = {child.address: answered_by_arpline(host, child) for child in host.children}
    for child in host.children:
        assert [one.sha for one in wire.replies(who_has(child), 1.0)] == [child.mac]
        assert answered_by_arpline(host, child) == before[child.address] + 1
    new = verdict(host, "to_child_new")
    assert wire.replies(who_has(host.children[0], *stranger(1)), 1.0), "a new requester is answered"
    assert verdict(host, "to_child_new") == new + 1


@pytest.mark.timeout(90)
def test_martians_for_its_kernel_do_not_take_the_endpoint_away(serve):
    """The sender is another address of the target's own container, and its kernel does not answer such a who-has."""
    host, _, _, wire = serve()
    child = host.children[0]
    child.add_address("10.77.1.250/16")
    confirm(wire, host, child)
    for _ in range(8):
        wire.send(frames.arp(eth_src=CLAIMANT, spa="10.77.1.250", tpa=child.address))
        wire.collect(0.7)
    assert endpoint(host, child)["state"] == "confirmed", endpoint(host, child)
    before = answered_by_arpline(host, child)
    assert wire.replies(who_has(child), 1.0) and wire.replies(who_has(child), 1.0)
    assert answered_by_arpline(host, child) > before


@pytest.mark.timeout(90)
def test_while_another_filter_hides_egress_the_children_are_asked_and_announced_as_before(serve):
    host, _, _, wire = serve(config={"announce": {"refresh": "1s"}})
    child = host.children[0]
    confirm(wire, host, child)
    # A classifier without an action accepts all frames with TC_ACT_OK, so no later filter runs.
    host.ns.run("tc", "filter", "replace", "dev", host.nic, "egress", "pref", 1, "protocol", "all", "bpf",
                "bytecode", "1,6 0 0 4294967295", "flowid", "1:1", check=False)
    wait_until(lambda: host.status()["egress"] == "hidden", 10, "it is noticed")
    time.sleep(2)  # a result of the self-test is valid for two seconds
    new = verdict(host, "to_child_new")
    for number in range(1, 11):
        assert wire.replies(who_has(child, *stranger(number)), 1.0), f"who-has {number} is not answered"
        time.sleep(0.4)
    assert verdict(host, "to_child_new") == new + 10
    assert endpoint(host, child)["state"] != "not_served", endpoint(host, child)
    assert [one for one in wire.collect(2.5) if one.announcement and one.spa == child.address]


@pytest.mark.timeout(90)
def test_silent_endpoint_recovers_by_itself_with_its_kernels_first_answer(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    fall_silent(wire, host, child)
    never_answered(wire, child, 10)
    child.ns.sysctl("net/ipv4/conf/all/arp_ignore", 0)

    def ask():
        wire.send(who_has(child))
        wire.collect(0.1)
        return endpoint(host, child)["state"] == "confirmed"
    wait_until(ask, 5, "it is served again")
    assert wire.replies(who_has(child), 1.0)


def test_check_is_answered_with_the_kernels_own_bytes_and_makes_no_neighbour_entry(serve):
    host, _, _, wire = serve(children=2, config=NO_TO_CHILD)
    child, other = host.children
    expected = frames.arp(op=frames.REPLY, eth_dst=REQUESTER_MAC, eth_src=child.mac, spa=child.address,
                          tha=REQUESTER_MAC, tpa=REQUESTER)
    answers = wire.replies(who_has(child), 1.0)
    assert [one.bytes_without_padding for one in answers] == [expected], [one.raw.hex() for one in answers]
    assert verdict(host, "to_child_check") == 1
    assert REQUESTER not in neighbours(child), neighbours(child)
    wait_state(host, child, "confirmed", 3)
    # By unicast, and where the kernel does not answer requesters outside the subnet.
    other.ns.sysctl("net/ipv4/conf/all/rp_filter", 1)
    time.sleep(1)  # the change causes an event, which withdraws the confirmation
    answers = wire.replies(who_has(other, eth_dst=other.mac), 1.0)
    assert [(one.sha, one.tpa) for one in answers] == [(other.mac, REQUESTER)]
    assert verdict(host, "to_child_check") == 2
    wait_state(host, other, "confirmed", 3)


def test_real_clients_are_answered_by_checks(serve):
    host, peer, _, _ = serve(children=8, config=NO_TO_CHILD)
    for child in host.children[:4]:
        assert peer.ping(child.address).answered == 3
    for child in host.children[4:]:
        assert peer.arping(child.address) == 3
    assert verdict(host, "to_child_check") >= 8 and verdict(host, "to_child_new") == 0


def test_reply_forged_from_inside_is_not_repeated(serve):
    """The owner has made the kernel silent; an unsolicited reply by a process in the container proves nothing."""
    host, _, _, wire = serve(config={"limits": {"to_child": 1}})
    child = host.children[0]
    never_answers(child)
    inside = wire_of(child)
    assert not wire.replies(who_has(child), 0.6, 0), "its kernel answers"
    for spoof in (REQUESTER, "0.0.0.0"):
        inside.send(frames.arp(op=frames.REPLY, eth_dst=REQUESTER_MAC, eth_src=child.mac, spa=child.address,
                               tha=REQUESTER_MAC, tpa=spoof))
    wire.collect(0.3)
    assert endpoint(host, child)["state"] != "confirmed", endpoint(host, child)
    never_answered(wire, child, 40)


@pytest.mark.alone
@pytest.mark.timeout(90)
def test_probes_in_a_storm_of_them_are_answered(serve_fast):
    """RFC 5227: a host whose probes get no answer takes the address."""
    host, peer, _, wire = serve_fast(children=8)
    confirm(wire, host, *host.children)
    addresses = f"{host.children[0].address}-{host.children[-1].address}"
    with flooded(host, peer, "reflect_new", f"probe to={addresses} mac=02:dd:00:00:00:01", rate=30_000):
        for child in host.children:
            probe = frames.arp(eth_src="02:ee:00:00:00:07", spa="0.0.0.0", tpa=child.address)

            def answered(probe=probe, child=child):
                wire.send(probe)
                return [one for one in wire.collect(0.3) if one.op == frames.REPLY and one.spa == child.address
                        and one.eth_dst == "02:ee:00:00:00:07"]
            assert answered() or answered() or answered(), f"nobody says that {child.address} is in use"


@pytest.mark.alone
@pytest.mark.timeout(90)
def test_unicast_flood_for_one_container_leaves_the_others_answered(serve_fast):
    host, peer, _, wire = serve_fast(children=4)
    confirm(wire, host, *host.children)
    flooded_one, *others = host.children
    with flooded(host, peer, "reflect_new", f"who-has unicast to={flooded_one.address} {MANY}", rate=30_000):
        for number, child in enumerate(others * 10):
            assert wire.replies(who_has(child, *stranger(number)), 1.0), f"{child.address} is not answered"


@pytest.mark.alone
@pytest.mark.timeout(90)
@pytest.mark.parametrize("prefix", [32, 24])
def test_requester_outside_the_subnet_is_answered_as_often_as_it_asks(serve_fast, prefix):
    """To a container with a /32 every requester is outside; its kernel answers whom its routes lead back to."""
    host, peer, _, wire = serve_fast(children=4)
    outside, others = host.children[0], host.children[1:]
    outside.remove_address()
    outside.add_address(f"{outside.address}/{prefix}")
    outside.ns.ip("route", "add", "10.0.0.0/8", "dev", outside.interface)
    confirm(wire, host, *others)
    requester = ("02:b3:00:00:00:01", "10.99.0.7")

    def first_answer():
        return wire.replies(who_has(outside, *requester), 0.3)
    wait_until(first_answer, 5, "its kernel has answered once")
    with flooded(host, peer, "reflect_new", f"who-has to={others[0].address}-{others[-1].address} {MANY}", rate=30_000):
        for number in range(40):
            assert wire.replies(who_has(outside, *requester), 1.0), f"who-has {number} is not answered"
    outside.ns.sysctl("net/ipv4/conf/all/rp_filter", 1)
    outside.ns.ip("route", "del", "10.0.0.0/8", "dev", outside.interface)
    assert wire.replies(who_has(outside, "02:b3:00:00:00:02", "10.99.0.8"), 1.0, 0) == [], "its kernel is silent"


def odd_answers(serve, config):
    """The kernel's answers to 100 long who-has from as many requesters, and the entries that it has learned."""
    host, _, _, wire = serve(config=config)
    child = host.children[0]
    confirm(wire, host, child)
    wire.arrived()
    for number in range(100):
        wire.send(who_has(child, *stranger(number), pad_to=200))
    answered = {one.tpa for one in wire.collect(1.0) if one.op == frames.REPLY}
    return host, child, len(answered)


def test_odd_frames_fill_the_neighbour_table_no_faster_than_their_limit(serve):
    host, child, answered = odd_answers(serve, {"limits": {"odd": 4, "host_share": "off"}})
    limited = verdict(host, "odd_limited")
    assert 15 <= answered <= 60 and answered + limited >= 100, (answered, limited)
    assert neighbours(child).count("10.77.100.") <= 60


def test_odd_off_lets_all_of_them_pass(serve):
    host, _, answered = odd_answers(serve, {"limits": {"odd": "off"}})
    assert answered == 100 and verdict(host, "odd_limited") == 0


@pytest.mark.alone
def test_check_is_answered_while_the_neighbour_table_is_full(lab, serve):
    """The machine shares the table. A requester for whom it has no room gets no answer, except to a probe."""
    with open("/proc/sys/net/ipv4/neigh/default/gc_thresh3", encoding="ascii") as file:
        limit = int(file.read())
    if limit > 4096:
        pytest.skip(f"gc_thresh3 is {limit}: too many entries for a quick test")
    host, _, _, wire = serve(children=2, config=NO_TO_CHILD)
    child, other = host.children
    filler = lab.namespace("filler")
    filler.ip("link", "add", "br0", "type", "bridge")
    filler.ip("link", "set", "br0", "up")
    filler.ip_batch([f"neigh replace 10.9.{n >> 8}.{n & 255} lladdr 02:00:00:00:{n >> 8:02x}:{n & 255:02x} "
                     "nud reachable dev br0" for n in range(1, limit + 1)])
    assert [(one.sha, one.tpa) for one in wire.replies(who_has(child), 0.5)] == [(child.mac, REQUESTER)]
    assert verdict(host, "to_child_check") == 1
    assert not wire.replies(who_has(other, *stranger(1), pad_to=200), 0.3), "the table is not full"
