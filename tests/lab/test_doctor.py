# SPDX-License-Identifier: Apache-2.0
"""arpline doctor without a daemon: a healthy host has no finding; each fault has one, and its command mends it."""
import threading
import time
from pathlib import Path

import pytest
from common import frames
from doctor import docker_like, doctor, find, found, healthy, mend, mended, second_nic


def test_healthy_host_gives_no_finding(lab):
    host, peer = docker_like(lab)
    code, answer = doctor(host)
    assert code == 0 and answer["parents"] == [host.nic], answer
    healthy(host)
    assert peer.ping(host.children[0].address, 1).answered == 1
    healthy(host, host.children[0].address)
    assert any("arpline" in line for line in answer["not_looked_at"]), answer


def test_every_finding_has_its_section_in_the_docs():
    root = Path(__file__).resolve().parents[2]
    names = {path.stem.replace("_", "-") for path in (root / "tools/arpline/doctor/findings").glob("*.cpp")}
    lines = (root / "docs/doctor.md").read_text(encoding="utf-8").splitlines()
    anchors = {line[3:].lower().replace(" ", "-") for line in lines if line.startswith("## ")}
    assert names == anchors, names ^ anchors


def test_text_says_what_was_not_looked_at(wired):
    host, _ = wired()
    said = host.arpline("doctor")
    assert said.returncode == 0, said
    assert "not looked at: " in said.stdout and said.stdout.endswith(" note(s)\n"), said.stdout


def test_unknown_endpoint_is_an_error_of_one_line(wired):
    host, _ = wired()
    for argv, code in ((["nobody"], 3), (["--parent", "nobody"], 3), (["10.0.0.300"], 3), (["--nonsense"], 2),
                       (["a", "b"], 2)):
        said = host.arpline("doctor", *argv)
        assert said.returncode == code, (argv, said)
        assert len(said.stderr.splitlines()) == 1 and not said.stdout, (argv, said)
    assert "10.0.0.300 is no IPv4 address" in host.arpline("doctor", "10.0.0.300").stderr


def test_endpoint_chooses_what_is_told(wired):
    host, _ = wired(children=2)
    broken, fine = host.children
    broken.link("down")
    for name in (broken.address, broken.mac, broken.ns.name, host.nic):
        assert find(host, "interface_down", name), name
    assert fine.ping("10.77.0.1", 1).answered == 1  # a container that has been silent is not in the switch's table
    for name in (fine.address, fine.mac, fine.ns.name):
        healthy(host, name)
    assert doctor(host, broken.address)[0] == 2
    assert doctor(host, fine.address)[0] == 0


def test_wrong_parent_is_found(lab, wired):
    host, _ = wired()
    second_nic(lab, host, "10.88.0.1/16", "10.88.0.9/16")
    child = host.add_child("10.88.5.5/16")
    healthy(host)  # it may be a NIC for containers only, as long as they are quiet
    note = found(host, "wrong_parent", child.address)
    assert (note["severity"], note["certainty"]) == ("note", "possible"), note
    assert child.ping("10.88.0.9", 1).answered == 0
    told = found(host, "wrong_parent")
    assert (told["severity"], told["certainty"]) == ("critical", "likely"), told
    assert "nic1" in told["evidence"] and child.address in told["subject"], told
    mended(host, told)
    assert child.ping("10.88.0.9", 1).answered == 1


def test_dedicated_nic_that_reaches_its_subnet_is_right(lab, wired):
    host, _ = wired(children=0)
    second_nic(lab, host, "10.77.0.2/16", "10.77.0.3/16")
    child = host.add_child()
    assert child.ping("10.77.0.1", 1).answered == 1
    healthy(host)


def test_interface_that_is_down_is_found(wired):
    host, _ = wired(children=2)
    child = host.children[0]
    child.link("down")
    told = found(host, "interface_down")
    assert child.ns.name in told["subject"] and told["severity"] == "critical", told
    mended(host, told)
    host.ns.ip("link", "set", host.nic, "down")
    told = found(host, "interface_down")
    assert told["subject"] == host.nic, told
    mended(host, told)
    healthy(host)


def test_address_that_nobody_has_is_found(wired):
    host, _ = wired()
    told = found(host, "address_gone", "10.77.9.9")
    assert told["severity"] == "warning" and told["subject"] == "10.77.9.9", told
    child = host.children[0]
    child.remove_address()
    healthy(host)  # there is no record that it had one
    assert found(host, "address_gone", child.mac)["certainty"] == "possible"


def test_address_on_the_wrong_interface_is_found(wired):
    host, peer = wired()
    child = host.children[0]
    host.address("10.77.0.2/16")
    child.remove_address()
    child.ns.ip("addr", "add", f"{child.address}/32", "dev", "lo")
    told = found(host, "address_elsewhere")
    assert " lo " in told["evidence"] and told["severity"] == "critical", told
    mended(host, told)
    assert peer.ping(child.address, 1).answered == 1
    healthy(host)


def test_subnet_routed_through_another_interface_is_found(wired):
    host, _ = wired(children=0)
    child = host.add_child()
    child.ns.ip_batch(["link add eth9 type veth peer name eth8", "link set eth9 up", "link set eth8 up",
                       "route del 10.77.0.0/16 dev mv0", "route add 10.77.0.0/16 dev mv0 metric 200",
                       "route add 10.77.0.0/16 dev eth9 metric 100"])
    told = found(host, "address_elsewhere")
    assert "eth9" in told["evidence"] and told["severity"] == "warning", told
    mended(host, told)


def test_address_on_two_containers_is_found(wired):
    host, _ = wired(children=2)
    first, second = host.children
    second.add_address(f"{first.address}/16")
    told = found(host, "duplicate")
    assert first.mac in told["evidence"] and second.mac in told["evidence"], told
    mended(host, told)
    second.add_address(f"{second.address}/24")  # the same address twice on one interface is no duplicate
    healthy(host)


def test_address_of_the_host_on_a_container_is_found(wired):
    host, _ = wired()
    host.address(f"{host.children[0].address}/16")
    assert host.nic in found(host, "duplicate")["evidence"]


def test_flux_among_siblings_is_found(wired):
    host, _ = wired()
    child = host.children[0]
    host.add_child(ns=child.ns, interface="mv1")
    told = found(host, "flux")
    assert "mv0" in told["evidence"] and "mv1" in told["evidence"], told
    mended(host, told)
    healthy(host)


def test_children_of_the_host_itself_are_its_own(wired):
    host, _ = wired()
    host.address("10.77.0.2/16")
    host.ns.ip_batch([f"link add link {host.nic} name vrrp.5 address 00:00:5e:00:01:05 type macvlan mode private",
                      f"link add link {host.nic} name vrrp.6 address 00:00:5e:00:01:06 type macvlan mode private",
                      "addr add 10.77.0.55/32 dev vrrp.5", "link set vrrp.5 up"])
    healthy(host)


def test_kernel_that_does_not_answer_is_found(wired):
    host, peer = wired()
    child = host.children[0]
    child.ns.sysctl("net/ipv4/conf/all/arp_ignore", 8)
    told = found(host, "silent_kernel")
    assert "conf/all 8" in told["evidence"], told
    mended(host, told)
    child.ns.sysctl("net/ipv4/conf/mv0/arp_ignore", 8)
    mended(host, found(host, "silent_kernel"))
    child.ns.sysctl("net/ipv4/conf/all/arp_ignore", 2)  # refuses requesters outside the subnet: no fault
    child.link("arp", "off")
    told = found(host, "silent_kernel")
    assert "NOARP" in told["evidence"], told
    mended(host, told)
    assert peer.ping(child.address, 1).answered == 1


def test_neighbour_who_hears_another_mac_for_the_address_is_found(wired):
    host, _ = wired(children=2)
    first, second = host.children
    second.ns.ip("neigh", "replace", first.address, "lladdr", "02:cc:00:00:00:01", "nud", "reachable", "dev", "mv0")
    told = found(host, "address_claimed")
    assert "02:cc:00:00:00:01" in told["evidence"] and told["certainty"] == "likely", told


def burst(wire, count=300):
    for number in range(count):
        wire.send(frames.arp(eth_src="02:b0:00:00:00:01", spa="10.77.0.9", tpa=f"10.77.200.{number & 255}"))


def during_bursts(wire, function):
    """Calls the function while bursts of broadcast arrive; returns its value."""
    ended = threading.Event()

    def send():
        while not ended.wait(0.1):
            burst(wire)
    sender = threading.Thread(target=send)
    sender.start()
    try:
        return function()
    finally:
        ended.set()
        sender.join()


@pytest.mark.alone
def test_broadcast_queue_is_told_apart_from_other_drops(wired):
    host, peer = wired(children=4)
    wire = peer.wire()
    # Frames of an unknown protocol: they count in the parent's rx_dropped but not as the queue's drops.
    for _ in range(20):
        wire.send(frames.mac_bytes(host.mac) + frames.mac_bytes("02:b0:00:00:00:01") + b"\x88\xb5" + bytes(46))
    time.sleep(0.1)
    healthy(host)
    for child in host.children:
        child.ns.ip("link", "set", "dev", "mv0", "type", "macvlan", "bcqueuelen", 1)
    burst(wire)
    answer = during_bursts(wire, lambda: doctor(host)[1])
    if any("broadcast queues" in line for line in answer["not_looked_at"]):
        pytest.skip(f"the drops cannot be counted here: {answer['not_looked_at']}")
    told = [one for one in answer["findings"] if one["id"] == "broadcast_queue"]
    assert len(told) == 1 and "queue of 1 " in told[0]["evidence"], answer
    mend(host, told[0])
    left = during_bursts(wire, lambda: find(host, "broadcast_queue"))
    assert not left, left


@pytest.mark.alone
def test_neighbour_table_near_its_limit_is_found(wired):
    host, _ = wired()
    ns = host.children[0].ns
    with open("/proc/sys/net/ipv4/neigh/default/gc_thresh3", encoding="ascii") as file:
        limit = int(file.read())
    if limit > 4096:
        pytest.skip(f"gc_thresh3 is {limit}: too many entries for a quick test")
    many = [f"10.77.{100 + n // 250}.{1 + n % 250}" for n in range(limit * 9 // 10)]
    ns.ip_batch([f"neigh replace {ip} lladdr 02:ee:00:00:00:01 nud permanent dev mv0" for ip in many])
    quiet = [one for one in doctor(host)[1]["findings"] if one["id"] == "neighbour_table"]
    ns.ip_batch([f"neigh replace {ip} lladdr 02:ee:00:00:00:01 nud stale dev mv0" for ip in many])
    told = [one for one in doctor(host)[1]["findings"] if one["id"] == "neighbour_table"]
    ns.ip("neigh", "flush", "all")
    assert not quiet, "permanent entries do not count against the limit"
    assert len(told) == 1 and ns.name in told[0]["evidence"], told
    assert told[0]["command"] is None and "only the initial network namespace" in told[0]["evidence"], told
