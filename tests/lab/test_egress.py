# SPDX-License-Identifier: Apache-2.0
"""Claims by senders on this host against its containers, and other filters beside arpline's at egress."""
import errno
import json
from types import SimpleNamespace

from common import (REQUESTER_MAC, announcements, confirm, endpoint, exchange, frames, verdict, wait_state, wait_until,
                    who_has)
from doctor import find, found
from lab.wire import Wire
from tcx import at_egress

DROP = {"claims": "drop"}


def claim_of(child, mac):
    """An announcement of the child's address."""
    return frames.arp(eth_src=mac, spa=child.address, tpa=child.address)


def wire_of(child):
    return child.host.lab.closing(Wire(child.ns, child.interface))


def send_what_may_be_dropped(wire, frame):
    """Sends a frame; the kernel reports ENOBUFS to the sender when the filter drops it."""
    try:
        wire.send(frame)
    except OSError as error:
        assert error.errno == errno.ENOBUFS, error


def claimants(host, child):
    return {one["mac"]: one for one in endpoint(host, child)["claimants"]}


def egress(host, counter):
    return host.status()["egress_counters"][counter]


def senders(host):
    done = host.arpline("status", "--json", "--senders", "--parent", host.nic)
    return json.loads(done.stdout)["parents"][0]["senders"]


def sent_by(host, mac):
    """The requests, replies, announcements and claims that the MAC has sent."""
    one = next(one for one in senders(host) if one["mac"] == mac)
    return [one[key] for key in ("requests", "replies", "announcements", "claims")]


def test_dropped_claims_never_reach_the_wire_and_the_container_stays_served(serve):
    host, _, daemon, wire = serve(children=2, config=DROP)
    child, sibling = host.children
    confirm(wire, host, child)
    wire.arrived()
    answer = frames.arp(op=frames.REPLY, eth_dst=REQUESTER_MAC, eth_src=sibling.mac, spa=child.address,
                        tha=REQUESTER_MAC, tpa="10.77.0.9")
    hidden = frames.arp(eth_src=child.mac, sha=sibling.mac, spa=child.address, tpa="10.77.0.9")
    as_host = frames.arp(eth_src=host.mac, sha=sibling.mac, spa=child.address, tpa="10.77.0.9")
    for frame in (claim_of(child, sibling.mac), answer, hidden, as_host):
        send_what_may_be_dropped(wire_of(sibling), frame)
    wait_until(lambda: egress(host, "claims_dropped") == 4, 5, "four claims are dropped")
    assert not [one for one in wire.collect(0.3) if one.spa == child.address and one.sha != child.mac]
    now = endpoint(host, child)
    assert now["state"] == "confirmed" and now["claims"] == 4, now
    wait_until(lambda: sibling.mac in claimants(host, child), 5, f"{sibling.mac} is told")
    told = claimants(host, child)[sibling.mac]
    assert told["dropped"] and told["place"] == f"{sibling.ns.name}/mv0", told
    assert f"of {sibling.ns.name}/mv0 claims {child.address} (on this host; dropped)" in daemon.log
    told = find(host, "address_claimed", child.address)
    assert {one["severity"] for one in told} == {"warning"}, told
    assert all("dropped before it left" in one["evidence"] for one in told), told
    assert [one.sha for one in wire.replies(who_has(child))] == [child.mac]


def test_siblings_hear_a_broadcast_claim_before_it_is_dropped_and_it_is_told(serve):
    """macvlan delivers a broadcast to siblings before the parent's egress, where no filter can stop it."""
    host, _, daemon, wire = serve(children=3, config=DROP)
    child, sibling, third = host.children
    third_wire = wire_of(third)
    third_wire.arrived()
    wire.arrived()
    send_what_may_be_dropped(wire_of(sibling), claim_of(child, sibling.mac))
    assert third_wire.collect(2, lambda seen: any(one.sha == sibling.mac for one in seen))
    wait_until(lambda: f"of {sibling.ns.name}/mv0 claims {child.address}" in daemon.log, 5, "it is told")
    assert not [one for one in wire.collect(0.2) if one.sha == sibling.mac]


def test_hosts_own_arp_is_never_dropped(serve):
    """A container that configures the host's address does not cut off the host."""
    host, _, _, wire = serve(config=DROP)
    child = host.children[0]
    confirm(wire, host, child)
    host.ns.ip("addr", "add", f"{child.address}/32", "dev", host.nic)
    host.ns.ip("route", "add", "10.77.0.0/16", "dev", host.nic)
    # A unicast who-has, so that the host's kernel answers.
    answers = []
    for _ in range(3):
        wire.send(frames.arp(eth_dst=host.mac, eth_src=REQUESTER_MAC, spa="10.77.0.9", tpa=child.address))
        answers += wire.collect(1.0, lambda seen: any(one.sha == host.mac for one in seen))
    assert [one for one in answers if one.sha == host.mac and one.op == frames.REPLY], "the host is silent"
    assert egress(host, "claims_dropped") == 0 and egress(host, "claims") >= 1


def test_claim_that_is_let_out_contests_the_address_and_is_told_with_its_place(serve):
    host, _, daemon, wire = serve(children=2)
    child, sibling = host.children
    confirm(wire, host, child)
    wire.arrived()
    wire_of(sibling).send(claim_of(child, sibling.mac))
    heard = wire.collect(2, lambda seen: any(one.sha == sibling.mac for one in seen))
    assert announcements([one for one in heard if one.sha == sibling.mac], child), "the claim is on the wire"
    wait_state(host, child, "confirmed", 5, "contested")
    one = wait_until(lambda: claimants(host, child).get(sibling.mac), 5, "the claim is told")
    assert (one["from"], one["dropped"], one["place"]) == ("host", False, f"{sibling.ns.name}/mv0"), one
    assert f"of {sibling.ns.name}/mv0 claims {child.address} (on this host)" in daemon.log
    assert found(host, "address_claimed")["severity"] == "critical"
    assert egress(host, "claims") == 1 and egress(host, "claims_dropped") == 0


def test_observe_counts_the_claims_that_it_would_drop(serve):
    host, _, _, wire = serve(children=2, config={**DROP, "mode": "observe"})
    child, sibling = host.children
    wire_of(sibling).send(claim_of(child, sibling.mac))
    assert wire.collect(2, lambda seen: any(one.sha == sibling.mac for one in seen)), "nothing is dropped"
    wait_until(lambda: egress(host, "would_drop_claims") == 1, 5, "it is counted")
    assert egress(host, "claims_dropped") == 0


def test_dropped_claim_may_have_its_tag_beside_it(lab, wired):
    """A VLAN interface sends it so on a NIC that inserts tags."""
    host, peer = wired()
    child = host.children[0]
    host.ns.run("tc", "qdisc", "add", "dev", host.nic, "clsact")
    add_filter(lab, host, "vlan_push", 1)  # runs before arpline's
    tagged = SimpleNamespace(address="10.77.8.8", mac="02:a7:00:00:08:08", vlan=100)
    host.start_arplined(f"""
        claims = "drop"
        [parent.{host.nic}]
        static = [{{ ip = "{tagged.address}/16", mac = "{tagged.mac}", vlan = 100 }}]""")
    wire, sender = peer.wire(), wire_of(child)
    for address in (tagged.address, child.address):  # no claim: in this VLAN it is no endpoint
        send_what_may_be_dropped(sender, frames.arp(eth_src=child.mac, spa=address, tpa="10.77.0.1"))
    heard = [one for one in wire.collect(1) if one.sha == child.mac and one.tpa == "10.77.0.1"]
    assert [(one.spa, one.tags) for one in heard] == [(child.address, ((frames.TAG_8021Q, 100),))], heard
    assert endpoint(host, tagged)["claims"] == 1 and egress(host, "claims_dropped") == 1


def test_address_that_moves_is_announced_by_its_new_container_where_claims_are_dropped(serve):
    host, _, _, wire = serve(children=2, config=DROP)
    giver, taker = host.children
    confirm(wire, host, giver)
    wire.arrived()
    giver.remove_address()
    taker.add_address(f"{giver.address}/16")
    # A runtime announces at once, before arplined may have seen the move.
    send_what_may_be_dropped(wire_of(taker), claim_of(giver, taker.mac))
    heard = wire.collect(5, lambda seen: any(one.sha == taker.mac for one in announcements(seen, giver)))
    assert any(one.sha == taker.mac for one in announcements(heard, giver))
    wait_until(lambda: wire.replies(who_has(giver)), 5, "it is answered")
    assert [one.sha for one in wire.replies(who_has(giver))] == [taker.mac]


def test_new_mac_of_a_container_is_announced_where_claims_are_dropped(serve):
    host, _, _, wire = serve(config=DROP)
    child = host.children[0]
    confirm(wire, host, child)
    child.ns.sysctl("net/ipv4/conf/mv0/arp_notify", 1)  # the kernel announces before arplined knows of the change
    wire.arrived()
    child.link("address", "02:a7:00:00:77:77")
    heard = wire.collect(5, lambda seen: announcements(seen, child))
    assert {one.sha for one in announcements(heard, child)} == {"02:a7:00:00:77:77"}
    wait_until(lambda: [one.sha for one in wire.replies(who_has(child))] == ["02:a7:00:00:77:77"], 5, "served")


def test_container_that_floods_its_siblings_is_named_and_the_others_are_answered_for(wired):
    host, peer = wired(children=4)
    peer.load_pass_program()
    host.start_arplined()
    wire = peer.wire()
    flooder, *others = host.children
    confirm(wire, host, *others)
    flood, count = wire_of(flooder), [0]
    before = sent_by(host, flooder.mac)

    def flood_them(_elapsed):
        for _ in range(8):
            asked = others[count[0] % len(others)]
            flood.send(frames.arp(eth_src=flooder.mac, spa=flooder.address, tpa=asked.address))
            count[0] += 1
    sent, heard = exchange(wire, lambda n: who_has(others[n % len(others)]), 100, 2, flood_them)
    answers = [one for one in heard if one.op == frames.REPLY and one.tha == REQUESTER_MAC]
    assert len(answers) == sent, f"{len(answers)} of {sent} answered beside {count[0]} frames of a flood"
    assert count[0] > 5 * sent, f"{count[0]} frames are no flood"
    assert sent_by(host, flooder.mac) == [before[0] + count[0], *before[1:]], "every frame is counted, once"
    busiest = senders(host)[0]
    assert (busiest["mac"], busiest["namespace"], busiest["parent"]) == (flooder.mac, flooder.ns.name, False)
    said = host.arpline("status", "--senders").stdout.splitlines()
    assert said[2].split()[:2] == [flooder.mac, flooder.ns.name], said


def test_every_sender_is_counted_by_what_it_sends(lab, serve):
    host, _, _, _ = serve(children=2)
    child, other = host.children
    own = lab.closing(Wire(host.ns, host.nic))
    children_wire = wire_of(child)
    before = {mac: sent_by(host, mac) for mac in (host.mac, child.mac, other.mac)}
    for _ in range(3):
        children_wire.send(frames.arp(eth_src=child.mac, spa=child.address, tpa="10.77.0.200"))
    for _ in range(2):
        children_wire.send(claim_of(child, child.mac))
    children_wire.send(frames.arp(eth_src=child.mac, spa=other.address, tpa="10.77.0.200"))
    for _ in range(4):
        own.send(frames.arp(op=frames.REPLY, eth_dst=REQUESTER_MAC, eth_src=host.mac, spa="10.77.9.9",
                            tha=REQUESTER_MAC, tpa="10.77.0.9"))
    strangers = egress(host, "strangers")
    own.send(frames.arp(eth_src="02:dd:00:00:00:01", spa="10.77.9.8", tpa="10.77.0.200"))

    def grown(mac):
        return [now - then for now, then in zip(sent_by(host, mac), before[mac])]
    assert grown(child.mac) == [4, 0, 2, 1]
    assert grown(host.mac) == [0, 4, 0, 0]
    assert grown(other.mac) == [0, 0, 0, 0]
    assert egress(host, "strangers") == strangers + 1


# Other filters at the same hook.

def add_filter(lab, host, program, pref):
    host.ns.run("tc", "filter", "add", "dev", host.nic, "egress", "pref", pref, "handle", 1, "bpf", "da", "obj",
                lab.bpf_object(program), "sec", "tc")


def filters(host):
    return host.ns.run("tc", "filter", "show", "dev", host.nic, "egress").stdout


def test_foreign_filter_that_is_there_before_us_stays_and_hides_nothing(lab, wired):
    host, peer = wired()
    host.ns.run("tc", "qdisc", "add", "dev", host.nic, "clsact")
    add_filter(lab, host, "tc_next", 1)
    host.start_arplined()
    confirm(peer.wire(), host, host.children[0])
    assert host.status()["egress"] == "seen"
    assert "lab_next" in filters(host) and "pref 2 bpf" in filters(host), filters(host)
    assert host.arpline("detach", host.nic).returncode == 0
    assert "lab_next" in filters(host) and "arpl_egress" not in filters(host)
    assert "clsact" in host.ns.run("tc", "qdisc", "show", "dev", host.nic).stdout


def test_filter_put_in_front_of_ours_while_it_runs_is_told_and_told_again_when_it_is_gone(lab, wired):
    host, _ = wired()
    host.ns.run("tc", "qdisc", "add", "dev", host.nic, "clsact")
    add_filter(lab, host, "tc_next", 1)
    daemon = host.start_arplined()
    assert host.status()["egress"] == "seen"
    host.ns.run("tc", "filter", "del", "dev", host.nic, "egress", "pref", 1)
    add_filter(lab, host, "tc_pass", 1)
    wait_until(lambda: host.status()["egress"] == "hidden", 20, "the self-test tells")
    assert "another egress filter hides ours" in host.arpline("status").stdout
    host.ns.run("tc", "filter", "del", "dev", host.nic, "egress", "pref", 1)
    wait_until(lambda: host.status()["egress"] == "seen", 20, "the self-test tells that it is gone")
    assert "no egress filter hides ours any more" in daemon.log


def test_tcx_program_that_leaves_the_frame_to_the_next_hides_nothing(lab, wired):
    host, peer = wired()
    with at_egress(lab, host, "tc_next"):
        host.start_arplined()
        confirm(peer.wire(), host, host.children[0])
        assert host.status()["egress"] == "seen"


def test_tcx_program_that_lets_everything_pass_is_told_and_the_kernel_goes_on_answering(lab, wired):
    host, peer = wired()
    with at_egress(lab, host, "tc_pass"):
        host.start_arplined()
        assert host.status()["egress"] == "hidden"
        assert "tcx program lab_pass" in found(host, "hidden_egress")["evidence"]
        child, wire = host.children[0], peer.wire()
        assert [one.sha for one in wire.replies(who_has(child))] == [child.mac]
        assert verdict(host, "reflect") == 0 and egress(host, "seen") == 0
