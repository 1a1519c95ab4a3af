# SPDX-License-Identifier: Apache-2.0
"""The engine alone: a NIC that steers ARP to DPDK, without an XDP program."""
import json
import socket

from common import Arplined, frames, never_answered, residue, wait_known, wait_state, wait_until, who_has
from steered import CONFIG


def verdict_grows(host, name, by=1):
    before = host.status()["verdicts"][name]
    return lambda: host.status()["verdicts"][name] >= before + by


def test_kernel_answers_first_and_the_engine_repeats_it(serve_steered):
    host, _, _, wire = serve_steered()
    child = host.children[0]
    to_child = verdict_grows(host, "to_child_new")
    first = wire.replies(who_has(child), 1.0)
    wait_until(to_child, 2, "it went to the child")
    repeated = verdict_grows(host, "reflect")
    second = wire.replies(who_has(child), 1.0)
    wait_until(repeated, 2, "the engine answered")
    assert [one.bytes_without_padding for one in first] == [one.bytes_without_padding for one in second] != []


def test_containers_and_the_host_reach_the_peer_and_are_reached(serve_steered):
    host, peer, _, _ = serve_steered(children=2)
    for child in host.children:
        assert peer.ping(child.address).answered == 3
        assert child.ping("10.77.0.1").answered == 3
    assert peer.ping("10.77.0.2").answered == 3
    assert host.children[0].ping(host.children[1].address).answered == 3


def test_what_is_not_an_endpoints_is_the_kernels(serve_steered):
    host, _, _, wire = serve_steered()
    foreign = verdict_grows(host, "foreign")
    found = wire.replies(frames.arp(eth_src="02:b0:00:00:00:01", spa="10.77.0.9", tpa="10.77.0.2"), 1.0)
    assert [one.sha for one in found] == [host.mac], "the host's own address is answered by its kernel"
    wait_until(foreign, 2, "it was handed over")


def test_nothing_is_left_after_a_stop(serve_steered):
    host, _, daemon, wire = serve_steered()
    assert wire.replies(who_has(host.children[0]), 1.0)
    daemon.process.terminate()
    assert daemon.wait_exit() == 0, daemon.log
    assert residue(host) == []
    links = host.ns.ip("-br", "link").stdout
    assert "arpl" not in links, links


def test_detach_takes_everything_away_with_the_daemon_alive_or_dead(serve_steered):
    host, _, daemon, wire = serve_steered()
    assert wire.replies(who_has(host.children[0]), 1.0)
    daemon.kill9()
    assert residue(host), "a killed daemon leaves its maps for the next one"
    assert host.arpline("detach", host.nic).returncode == 0
    assert residue(host) == [], residue(host)
    daemon = host.start_arplined({"parent": {host.nic: CONFIG}})
    assert host.arpline("detach", host.nic).returncode == 0
    assert daemon.wait_exit() == 0 and residue(host) == []


def test_next_start_after_kill_9_goes_on_where_the_first_one_ended(serve_steered):
    host, _, daemon, wire = serve_steered()
    child = host.children[0]
    counted = verdict_grows(host, "to_child_new")
    assert wire.replies(who_has(child), 1.0)
    wait_until(counted, 2, "the engine has counted it")
    before = host.status()["verdicts"]["to_child_new"]
    daemon.kill9()
    assert "arpl" not in host.ns.run("ip", "-br", "link").stdout, "the tap outlives the daemon"
    host.start_arplined({"parent": {host.nic: CONFIG}})
    repeated = verdict_grows(host, "reflect")
    assert wire.replies(who_has(child), 1.0)
    wait_until(repeated, 2, "the pair is still known")
    assert host.status()["verdicts"]["to_child_new"] == before


def test_deleted_container_is_not_answered_and_its_mac_is_no_longer_ours(serve_steered):
    host, _, _, wire = serve_steered(children=2)
    gone = host.children[0]
    assert wire.replies(who_has(gone), 1.0)
    own = verdict_grows(host, "own_mac")
    wire.send(frames.arp(eth_src=gone.mac, spa="10.77.0.9", tpa="10.77.0.2"))
    wait_until(own, 2, "a child's MAC from the wire is seen")
    gone.delete()
    wait_state(host, gone, None, 10)
    wait_until(lambda: not wire.replies(who_has(gone), 0.3), 5, "its own kernel falls silent")
    never_answered(wire, gone, 30)
    before = host.status()["verdicts"]["own_mac"]
    foreign = verdict_grows(host, "foreign")
    wire.send(frames.arp(eth_src=gone.mac, spa="10.77.0.9", tpa="10.77.0.2"))
    wait_until(foreign, 2, "the frame is seen")
    assert host.status()["verdicts"]["own_mac"] == before


def test_claim_from_the_wire_contests_the_address_and_is_told(serve_steered):
    host, _, daemon, wire = serve_steered()
    child = host.children[0]
    assert wire.replies(who_has(child), 1.0)
    wire.send(frames.arp(eth_src="02:b0:00:00:00:66", spa=child.address, tpa=child.address))
    wait_state(host, child, "confirmed", 5, "contested")
    wait_until(lambda: "02:b0:00:00:00:66 claims" in daemon.log, 5, "the log names it")


def test_observe_counts_and_leaves_everything_to_the_kernel(serve_steered):
    host, _, _, wire = serve_steered(config={"mode": "observe"})
    counted = verdict_grows(host, "would_to_child_new")
    assert wire.replies(who_has(host.children[0]), 1.0)
    wait_until(counted, 2, "it is counted")


def ask_telemetry(command):
    """Speaks the protocol of DPDK's dpdk-telemetry.py: a greeting, then an answer to each command."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.connect("/run/dpdk/arpline-lab/dpdk_telemetry.v2")
        client.recv(16384)
        client.send(command.encode())
        return json.loads(client.recv(65536))[command.split(",")[0]]


def test_telemetry_tells_endpoints_verdicts_and_limits(serve_steered):
    host, _, _, wire = serve_steered(children=2, config={"eal": ["--file-prefix=arpline-lab"]})
    child = host.children[0]
    assert wire.replies(who_has(child), 1.0)
    wait_until(verdict_grows(host, "to_child_new", 0), 2)
    endpoints = ask_telemetry("/arpline/endpoints")
    names = [f"{host.nic}/{one.address.replace('.', '_')}" for one in host.children]
    assert list(endpoints) == names, endpoints
    counted = "requests 1, to_child 1, ringed 0, capped 0, claims 0, reflected 0"
    assert endpoints[names[0]] == f"{child.mac} served, {counted}", endpoints
    assert list(ask_telemetry("/arpline/endpoints,1")) == names[1:] and not ask_telemetry("/arpline/endpoints,2")
    status = host.status()
    verdicts = ask_telemetry(f"/arpline/verdicts,{host.nic}")
    assert {name: verdicts[f"{host.nic}/{name}"] for name in status["verdicts"]} == status["verdicts"]
    assert verdicts[f"{host.nic}/engine_answered"] == 0 and not ask_telemetry("/arpline/verdicts,other")
    counters = ask_telemetry(f"/arpline/counters,{host.nic}")
    assert set(counters) == {f"{host.nic}/{name}" for name in status["egress_counters"]}, counters
    limits = ask_telemetry("/arpline/limits")
    assert limits[f"{host.nic}/events"] == 100 and limits[f"{host.nic}/foreign"] == "off", limits


def test_device_that_would_take_the_hosts_frames_is_refused(steered):
    host, _ = steered()
    for steering in ({}, {"steering": "flow"}):
        daemon = Arplined(host, {"parent": {host.nic: {"port": "ethdev", "device": CONFIG["device"], **steering}}})
        assert daemon.wait_exit() == 1
        assert "net_af_packet0: the device does not share its NIC with nic0; refused" in daemon.log, daemon.log
        assert residue(host) == []


def test_port_that_is_changed_over_keep_leaves_no_program_behind(steered):
    """A change from xsk, whose XDP program is kept, must detach it: it would answer by tables that nobody updates."""
    host, peer = steered()
    host.start_arplined({"parent": {host.nic: {"on_stop": "keep"}}}).stop()
    assert "prog/xdp" in host.ns.ip("-d", "link", "show", "dev", host.nic).stdout
    daemon = host.start_arplined({"parent": {host.nic: CONFIG}})
    assert "prog/xdp" not in host.ns.ip("-d", "link", "show", "dev", host.nic).stdout, daemon.log
    assert "attached in another way" in daemon.log, daemon.log
    wait_known(host, *host.children)
    answered = peer.ping(host.children[0].address).answered
    assert answered == 3, f"{answered} of 3 pings"
    assert daemon.stop() == 0
    assert residue(host) == []
