# SPDX-License-Identifier: Apache-2.0
"""Docker's macvlan containers, made by a real dockerd on the host."""
import pytest
from common import endpoint, frames, verdict, wait_until
from containers import available, gone, macs_that_answer, marked, served
from lab.runtimes import Container, Docker

FIRST, SECOND = "10.77.2.1", "10.77.2.2"
FIRST_MAC, SECOND_MAC = "02:d0:00:00:00:01", "02:d0:00:00:00:02"


def dockerized(wired):
    """A served host with a dockerd and a macvlan network. Returns (host, dockerd, the peer's wire)."""
    host, peer = wired(children=0)
    docker = available(Docker, host)
    docker.network()
    host.start_arplined()
    return host, docker, peer.wire()


@pytest.mark.timeout(90)
def test_container_is_served_until_it_stops_and_again_when_it_starts(wired):
    host, docker, wire = dockerized(wired)
    container = docker.container("web", FIRST)
    entry = served(wire, host, container)
    assert verdict(host, "ring") > 0
    shown = f"{entry['namespace']} {entry['interface']}"
    assert container.id[:12] in shown or str(container.pid) in shown, f"status does not tell which one: {shown}"
    sandbox, mark = container.sandbox, marked(host, container.netns_path)
    container.stop()
    gone(wire, host, container, mark)
    container.start()
    assert container.sandbox != sandbox, "this Docker keeps its sandboxes: the test proves nothing"
    served(wire, host, container)
    container.restart()
    served(wire, host, container)
    mark = marked(host, container.netns_path)
    container.remove()
    gone(wire, host, container, mark)


def test_paused_container_is_still_answered(wired):
    """A pause stops its processes, but its kernel still answers."""
    host, docker, wire = dockerized(wired)
    container = docker.container("web", FIRST)
    served(wire, host, container)
    container.pause()
    served(wire, host, container)
    container.unpause()
    served(wire, host, container)


def moved(peer, container, docker, mac) -> int:
    """Recreates the container with that dockerd and MAC. Returns how many of 7 pings it answers from its start on."""
    container.remove()
    assert peer.ping(FIRST, 1, wait=0.2).answered == 0, "the address is where it was"
    docker.container("web", FIRST, "--mac-address", mac)
    return peer.ping(FIRST, 7).answered


@pytest.mark.timeout(90)
def test_address_that_moves_to_another_host_loses_no_ping_instead_of_all(lab):
    """Docker announces nothing, so without arpline the peer would keep the old MAC."""
    switch, peer = lab.switch(ageing_seconds=300), lab.peer()
    lab.connect(peer, switch)
    for key, value in (("delay_first_probe_time", 600), ("base_reachable_time_ms", 3_600_000)):
        peer.ns.sysctl(f"net/ipv4/neigh/{peer.nic}/{key}", value)
    dockers = []
    for number in (1, 2):
        host = lab.host(f"host{number}")
        lab.connect(host, switch)
        dockers.append(available(Docker, host))
        dockers[-1].network()
    one, two = dockers
    container = one.container("web", FIRST, "--mac-address", FIRST_MAC)
    assert peer.ping(FIRST).answered == 3
    assert moved(peer, container, two, SECOND_MAC) == 0, "it is reachable without arpline too"
    for docker in dockers:
        docker.host.start_arplined()
    wait_until(lambda: peer.ping(FIRST, 1).answered == 1, 5, "arpline announces what it finds at its start")
    assert moved(peer, Container(two, "web", FIRST), one, FIRST_MAC) == 7
    assert FIRST_MAC in peer.ns.ip("neigh", "show", FIRST).stdout


@pytest.mark.timeout(90)
def test_containers_outlive_a_killed_dockerd_and_are_served_until_the_next_one_ends_them(wired):
    host, docker, wire = dockerized(wired)
    container = docker.container("web", FIRST)
    served(wire, host, container)
    mac, mark = container.mac, marked(host, container.netns_path)
    docker.kill9()
    served(wire, host, container, mac)
    docker.start()
    gone(wire, host, container, mark)
    container.start()
    served(wire, host, container)


def test_container_is_served_while_it_is_connected_to_the_network(wired):
    host, docker, wire = dockerized(wired)
    container = docker.container("web", FIRST)
    served(wire, host, container)
    docker.run("network", "disconnect", "lan", container.name)
    gone(wire, host, container)
    docker.run("network", "connect", "--ip", SECOND, "lan", container.name)
    served(wire, host, Container(docker, container.name, SECOND))
    assert not macs_that_answer(wire, container)


def test_containers_that_swap_their_addresses_are_each_answered_with_their_own_mac(wired):
    host, docker, wire = dockerized(wired)
    one = docker.container("one", FIRST, "--mac-address", FIRST_MAC)
    two = docker.container("two", SECOND, "--mac-address", SECOND_MAC)
    served(wire, host, one, FIRST_MAC)
    served(wire, host, two, SECOND_MAC)
    one.remove()
    two.remove()
    one = docker.container("one", SECOND, "--mac-address", FIRST_MAC)
    two = docker.container("two", FIRST, "--mac-address", SECOND_MAC)
    served(wire, host, one, FIRST_MAC)
    served(wire, host, two, SECOND_MAC)


def test_container_with_two_networks_is_served_on_the_parent_that_is_served(lab, wired):
    host, docker, wire = dockerized(wired)
    other = lab.peer("peer2", "10.78.0.1/16")
    lab.veth(host.ns, "nic1", other.ns, other.nic)
    docker.network("other", "nic1", "10.78.0.0/16")
    container = docker.container("web", FIRST)
    docker.run("network", "connect", "--ip", "10.78.2.1", "other", container.name)
    served(wire, host, container)
    elsewhere = Container(docker, container.name, "10.78.2.1")
    assert endpoint(host, elsewhere) is None, "it is another parent's"
    asked = frames.arp(eth_src="02:b0:00:00:00:02", spa="10.78.0.9", tpa=elsewhere.address)
    assert {found.sha for found in other.wire().replies(asked, 1.0)} == {elsewhere.mac}, "its kernel answers"
    docker.run("network", "disconnect", "other", container.name)
    served(wire, host, container)
