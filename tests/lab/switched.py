# SPDX-License-Identifier: Apache-2.0
"""Shared by the tests with several stations on one switch."""
from common import endpoint, wait_known

NEVER_REFRESHED = {"refresh": "0s"}
SET_SECONDS = 0.3  # time for the announcements of a start with SHORT_SET, and for the containers' own frames
SHORT_SET = {**NEVER_REFRESHED, "repeat": 1, "interval": "10ms"}


def switched(lab, children=1, **child_options):
    """A host with containers and a peer at a switch whose entries outlive the test. Returns (switch, host, peer)."""
    switch, host, peer = lab.switch(ageing_seconds=300), lab.host(), lab.peer()
    lab.connect(host, switch)
    lab.connect(peer, switch)
    host.add_children(children, **child_options)
    return switch, host, peer


def station(lab, switch, label, address=None):
    """Adds a station to the switch."""
    made = lab.peer(label, address)
    lab.connect(made, switch)
    return made


def serve_quietly(host, wire, announce=None, **config):
    """Starts arplined and consumes its first announcements from the wire. Returns the daemon."""
    daemon = host.start_arplined({**config, "announce": {**SHORT_SET, **(announce or {})}})
    wait_known(host, *host.children)
    wire.collect(SET_SECONDS)
    return daemon


def claim(ns, interface, address) -> None:
    """Announces the address from that namespace, as a program that takes it over does."""
    ns.run("arping", "-U", "-c", "1", "-W", "0.01", "-i", interface, "-S", address, address, check=False)


def conflict(host, child) -> dict:
    return endpoint(host, child)["conflict"]


def parties(host, child) -> dict[str, str]:
    """The claimants of its address: the party of each MAC."""
    return {one["mac"]: one["party"] for one in endpoint(host, child)["claimants"]}


def spoken_for(found, child):
    """The announcements of the child's address with its MAC among the frames."""
    return [one for one in found if one.spa == one.tpa == child.address and one.sha == child.mac]
