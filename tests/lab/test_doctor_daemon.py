# SPDX-License-Identifier: Apache-2.0
"""arpline doctor with an arplined that runs, was killed or hangs: findings that need the daemon or its maps."""
import pytest
from common import (REQUESTER_MAC, confirm, endpoint, frames, wait_known, wait_state, wait_unanswered, wait_until,
                    who_has)
from doctor import docker_like, doctor, find, findings, found, healthy, mended
from lab.wire import Wire

OUTSIDER = "02:cc:00:00:00:01"


def claim(wire, child, mac=OUTSIDER):
    wire.send(frames.arp(eth_src=mac, spa=child.address, tpa=child.address))


def kill(host, daemon):
    daemon.kill9()
    wait_until(lambda: host.status()["lease"] == "expired", 5, "the lease has ended")


def test_healthy_host_with_arplined_gives_no_finding(lab):
    host, peer = docker_like(lab)
    host.start_arplined()
    wait_known(host, *host.children)
    for child in host.children:
        assert peer.ping(child.address, 1).answered == 1
        confirm(peer.wire(), host, child)
    code, answer = doctor(host)
    assert code == 0 and answer["parents"] == [host.nic], answer
    healthy(host)


def test_container_that_ended_is_no_finding(serve):
    host, _, _, _ = serve(children=2)
    gone = host.children[0]
    gone.delete()
    wait_state(host, gone, None, 5)
    healthy(host)
    assert found(host, "address_gone", gone.address)["severity"] == "warning"


def test_killed_arplined_leaves_a_stale_lease(serve):
    host, _, daemon, _ = serve()
    kill(host, daemon)
    told = found(host, "stale_lease")
    assert str(daemon.pid) in told["evidence"] and "is gone" in told["evidence"], told
    assert [one["id"] for one in findings(host)] == ["stale_lease"]
    host.start_arplined()
    healthy(host)


def test_stale_lease_goes_with_the_start_that_is_suggested_and_with_detach(serve):
    host, _, daemon, _ = serve()
    kill(host, daemon)
    told = found(host, "stale_lease")
    assert told["command"] == f"arplined --parent {host.nic}" and f"arpline detach {host.nic}" in told["evidence"], told
    daemon = host.start_arplined()
    healthy(host)
    kill(host, daemon)
    assert host.arpline("detach", host.nic).returncode == 0
    healthy(host)


def test_hung_arplined_is_told_from_a_dead_one(serve):
    host, _, daemon, _ = serve()
    daemon.sigstop()
    wait_until(lambda: host.status()["lease"] == "expired", 10, "the lease has ended")
    told = found(host, "stale_lease")
    assert "does not answer" in told["evidence"], told
    daemon.sigcont()
    wait_until(lambda: not find(host, "stale_lease"), 5, "the lease lives again")


def test_claim_of_an_outsider_is_found_with_and_without_arplined(serve):
    host, _, daemon, wire = serve()
    child = host.children[0]
    claim(wire, child)
    claim(wire, child)
    wait_until(lambda: endpoint(host, child)["claims"] == 2, 5, "the claims are counted")
    told = found(host, "address_claimed")
    assert told["severity"] == "critical" and "no interface of this host" in told["evidence"], told
    assert OUTSIDER in told["evidence"] and "2 times" in told["evidence"] and told["command"] is None, told
    assert find(host, "address_claimed", child.address) and find(host, "address_claimed", child.mac)
    kill(host, daemon)
    told = found(host, "address_claimed")
    assert "2 times" in told["evidence"] and "last " in told["evidence"], told


def test_claim_of_a_sibling_is_known_by_its_place(lab, serve):
    host, _, _, _ = serve(children=2)
    child, sibling = host.children
    claim(lab.closing(Wire(sibling.ns, "mv0")), child, sibling.mac)
    told = wait_until(lambda: find(host, "address_claimed"), 5, "the claim is told")[0]
    assert f"{sibling.ns.name}/mv0" in told["evidence"] and told["command"] is None, told
    sibling.ns.sysctl("net/ipv4/conf/mv0/proxy_arp", 1)
    told = found(host, "address_claimed")
    assert "proxy_arp=0" in told["command"] and sibling.ns.name in told["command"], told


def test_address_lost_while_nobody_watched_is_found(serve):
    host, _, daemon, _ = serve()
    child = host.children[0]
    kill(host, daemon)
    child.remove_address()
    told = found(host, "address_gone")
    assert "no arplined watched" in told["evidence"] and told["severity"] == "critical", told
    mended(host, told)


def test_address_lost_is_told_with_its_trail(serve):
    host, _, _, _ = serve()
    child = host.children[0]
    child.remove_address()
    wait_state(host, child, None, 5)
    if any("does not tell" in line for line in doctor(host)[1]["not_looked_at"]):
        pytest.skip("this arplined does not tell what vanished")
    told = found(host, "address_gone")
    assert "address removed" in told["evidence"] and " ago" in told["evidence"], told
    child.add_address(f"{child.address}/16")
    healthy(host)


def test_requester_from_outside_the_subnet_is_found_with_rp_filter(serve):
    host, _, _, wire = serve(config={"limits": {"odd": "off"}})
    child = host.children[0]
    wire.send(who_has(child, REQUESTER_MAC, "172.31.0.9"))
    wait_until(lambda: endpoint(host, child)["last_requester"] == "172.31.0.9", 5, "the request is seen")
    healthy(host)
    child.ns.sysctl("net/ipv4/conf/mv0/rp_filter", 1)
    told = found(host, "silent_kernel")
    assert "172.31.0.9" in told["evidence"] and "rp_filter is 1" in told["evidence"], told
    mended(host, told)
    assert wire.replies(who_has(child, REQUESTER_MAC, "172.31.0.9"), 1.0), "the kernel answers now"


def test_requests_that_a_packet_filter_takes_are_found(lab, serve):
    host, _, _, wire = serve()
    child = host.children[0]
    child.ns.run("tc", "qdisc", "add", "dev", "mv0", "clsact")
    child.ns.run("tc", "filter", "add", "dev", "mv0", "ingress", "bpf", "da", "obj",
                 lab.bpf_object("drop"), "sec", "tc")
    wait_unanswered(wire, host, child)
    told = found(host, "silent_kernel")
    assert "packet filter" in told["evidence"] and told["command"] is None, told


def test_hidden_egress_filter_is_found(lab):
    host, peer = docker_like(lab)
    host.ns.run("tc", "qdisc", "add", "dev", host.nic, "clsact")
    # A classifier without an action accepts all frames with TC_ACT_OK, so no later filter runs.
    host.ns.run("tc", "filter", "add", "dev", host.nic, "egress", "pref", 1, "bpf", "bytecode", "1,6 0 0 4294967295",
                "flowid", "1:1")
    daemon = host.start_arplined()
    told = found(host, "hidden_egress")
    assert told["certainty"] == "certain" and "pref 1 bpf" in told["evidence"], told
    kill(host, daemon)
    told = found(host, "hidden_egress")
    assert (told["severity"], told["certainty"]) == ("note", "possible"), told
    mended(host, told)
    del peer


def test_generic_mode_is_found(serve):
    host, _, _, _ = serve(config={"parent": {"nic0": {"generic_xdp": True}}})
    told = found(host, "generic_xdp")
    assert told["severity"] == "warning" and "veth" in told["evidence"], told


def test_tags_that_the_nic_strips_are_found(serve):
    host, _, _, _ = serve(config={"parent": {"nic0": {"trunk": True}}})
    if "on" not in host.ns.run("ethtool", "-k", host.nic).stdout.split("rx-vlan-offload: ")[1].split()[0]:
        pytest.skip("the NIC strips no tags")
    told = found(host, "vlan_offload")
    assert "trunk" in told["evidence"], told
    mended(host, told)
