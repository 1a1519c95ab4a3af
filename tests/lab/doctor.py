# SPDX-License-Identifier: Apache-2.0
"""What the lab tests of `arpline doctor` share."""
import json

from common import run

# One table for the whole machine: other labs beside this one may fill it.
OF_THE_MACHINE = {"neighbour_table"}


def doctor(host, *args):
    """(exit code, the answer)."""
    done = host.arpline("doctor", "--json", *args)
    assert done.returncode in (0, 1, 2), f"exit code {done.returncode}: {done.stderr}"
    return done.returncode, json.loads(done.stdout)


def findings(host, *args):
    return [one for one in doctor(host, *args)[1]["findings"] if one["id"] not in OF_THE_MACHINE]


def find(host, name, *args):
    """The findings of that id."""
    return [one for one in findings(host, *args) if one["id"] == name]


def found(host, name, *args):
    """The one finding of that id; with everything that a person needs."""
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
    """Runs the command that the finding suggests, as a person in the host would."""
    assert finding["command"], finding
    return host.ns.run("sh", "-c", finding["command"])


def mended(host, finding, *args):
    mend(host, finding)
    assert not find(host, finding["id"], *args), f"{finding['command']} did not mend it: {findings(host, *args)}"


def second_nic(lab, host, peer, name="nic1", address=None):
    """Another NIC of the host, to the same peer."""
    lab.veth(host.ns, name, peer.ns, f"p{name}")
    if address:
        host.ns.ip("addr", "add", address, "dev", name)
    return name


def ip_of(peer_ns, name):
    return run("ip", "-n", peer_ns.name, "-br", "addr", "show", "dev", name).stdout
