# SPDX-License-Identifier: Apache-2.0
"""Shared by the lab tests of `arpline doctor`."""
import json

from common import wait_until, wired

# Findings about the whole machine, which other labs may cause.
OF_THE_MACHINE = {"neighbour_table"}


def doctor(host, *args):
    """Runs doctor and returns (exit code, the parsed JSON)."""
    done = host.arpline("doctor", "--json", *args)
    assert done.returncode in (0, 1, 2), f"exit code {done.returncode}: {done.stderr}"
    return done.returncode, json.loads(done.stdout)


def findings(host, *args):
    return [one for one in doctor(host, *args)[1]["findings"] if one["id"] not in OF_THE_MACHINE]


def find(host, name, *args):
    """The findings with that id."""
    return [one for one in findings(host, *args) if one["id"] == name]


def found(host, name, *args):
    """Expects one finding with that id and returns it, once it is seen to have all that a user needs."""
    all_found = findings(host, *args)
    ours = [one for one in all_found if one["id"] == name]
    assert len(ours) == 1, f"{name} is there {len(ours)} times among {all_found}"
    assert ours[0]["docs"] == f"docs/doctor.md#{name.replace('_', '-')}", ours[0]
    assert ours[0]["evidence"] and ours[0]["subject"], ours[0]
    return ours[0]


def healthy(host, *args):
    left = findings(host, *args)
    assert not left, left


def mend(host, finding):
    """Runs the command of the finding, as an operator on the host would."""
    assert finding["command"], finding
    return host.ns.run("sh", "-c", finding["command"])


def mended(host, finding, *args):
    mend(host, finding)
    # The carrier comes back a moment after the interface.
    wait_until(lambda: not find(host, finding["id"], *args), 5,
               lambda: f"{finding['command']} has mended it: {findings(host, *args)}")


def second_nic(lab, host, address, peer_address, name="nic1"):
    """Adds a NIC to the host with a cable to a peer of its own. Returns the peer."""
    peer = lab.peer(f"peer-{name}", peer_address)
    lab.veth(host.ns, name, peer.ns, peer.nic)
    peer.address(peer_address)
    host.ns.ip("addr", "add", address, "dev", name)
    return peer


def docker_like(lab):
    """
    Builds a host as Docker leaves it: an address and a default route, a bridge network, macvlan containers, a shim.
    """
    host, peer = wired(lab)
    host.address("10.77.0.2/16")
    host.ns.ip("route", "add", "default", "via", "10.77.0.1")
    inside = host.add_child(created_inside=True)
    both = host.add_child()
    host.ns.ip_batch(["link add br-app type bridge", "link set br-app up", "addr add 172.18.0.1/16 dev br-app",
                      f"link add vethapp type veth peer name eth1 netns {both.ns.name}",
                      "link set vethapp master br-app", "link set vethapp up",
                      f"link add link {host.nic} name shim type macvlan mode bridge", "addr add 10.77.0.3/16 dev shim",
                      "link set shim up"])
    both.ns.ip_batch(["addr add 172.18.0.2/16 dev eth1", "link set eth1 up"])
    for child in host.children:
        child.ns.ip("route", "add", "default", "via", "10.77.0.1")
    second_nic(lab, host, "10.99.0.2/24", "10.99.0.1/24")
    assert inside.ping("10.77.0.1", 1).answered == 1
    return host, peer
