# SPDX-License-Identifier: Apache-2.0
"""The owner of a MAC: only a container, also a station on the wire, or another interface of the same container."""
import json
import time

from common import confirm, endpoint, frames, run, wait_until, who_has

STATION, STATIONS = "02:b0:00:00:00:77", "10.77.0.77"


def own_macs(host) -> dict:
    """The contents of the programs' map `macs`, by MAC."""
    rows = json.loads(run("bpftool", "-j", "map", "dump", "pinned", f"{host.status()['pins']}/macs").stdout)
    return {":".join(byte[2:] for byte in row["key"][:6]): row["formatted"]["value"] for row in rows}


def warned(host, *words):
    return [one for one in host.status()["warnings"] if all(word in one for word in words)]


def test_mac_of_a_station_on_the_wire_that_a_container_takes_is_shared_until_it_gives_it_up(serve):
    host, _, daemon, wire = serve(children=2)
    victim, thief = host.children
    confirm(wire, host, victim)
    thief.link("address", STATION)
    wait_until(lambda: endpoint(host, thief)["mac"] == STATION, 5, "the container has it")

    def station_asks():
        wire.send(who_has(victim, STATION, STATIONS))
        time.sleep(0.1)
        return warned(host, STATION, thief.ns.name)
    wait_until(station_asks, 5, "the container is named")
    assert STATION in daemon.log and STATIONS in daemon.log
    assert own_macs(host)[STATION]["shared"] == 1
    thief.link("address", "02:a7:00:00:00:99")
    wait_until(lambda: not warned(host, STATION), 5, "it is the station's alone")
    assert STATION not in own_macs(host)


def test_what_a_loop_brings_back_of_a_container_makes_its_mac_no_stations(serve):
    host, _, daemon, wire = serve(children=2)
    confirm(wire, host, *host.children)
    first, second = host.children
    for _ in range(5):
        wire.send(who_has(second, first.mac, first.address))
    wait_until(lambda: "came in from the wire" in daemon.log, 5, "it is told")
    assert not warned(host, first.mac) and own_macs(host)[first.mac]["shared"] == 0


def test_programs_are_told_which_macs_are_the_hosts_and_which_are_of_one_namespace(serve):
    host, _, _, _ = serve(children=2)
    first, second = host.children
    host.ns.ip(*f"link add link {host.nic} name own0 address 02:a7:00:00:aa:01 type macvlan mode bridge".split())
    twin = host.add_child(ns=first.ns, interface="mv1")
    wait_until(lambda: twin.mac in own_macs(host) and "02:a7:00:00:aa:01" in own_macs(host), 5, "all are known")
    macs = own_macs(host)
    assert macs[host.mac]["host"] == 1 and macs["02:a7:00:00:aa:01"]["host"] == 1
    assert macs[first.mac]["host"] == 0 and macs[first.mac]["netns"] == macs[twin.mac]["netns"] != 0
    assert macs[second.mac]["netns"] not in (0, macs[first.mac]["netns"])


def test_second_interface_of_a_container_claims_nothing_with_the_address_of_the_first(lab, serve):
    host, _, daemon, wire = serve(children=1)
    first = host.children[0]
    confirm(wire, host, first)
    twin = host.add_child(ns=first.ns, interface="mv1")
    wait_until(lambda: endpoint(host, twin), 5, "it is known")
    claim = frames.arp(eth_src=twin.mac, spa=first.address, tpa=first.address)
    from_twin = lab.closing(type(wire)(first.ns, "mv1"))
    for _ in range(3):
        from_twin.send(claim)
    time.sleep(1)
    assert not endpoint(host, first)["claimants"], endpoint(host, first)["claimants"]
    assert f"claims {first.address}" not in daemon.log
