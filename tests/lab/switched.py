# SPDX-License-Identifier: Apache-2.0
"""What the tests with several stations on one switch share."""
from common import endpoint, wait_known

NEVER_REFRESHED = {"refresh": "0s"}
SET_SECONDS = 0.3  # the announcements of a start, with SHORT_SET, and what its kernels have to say
SHORT_SET = {**NEVER_REFRESHED, "repeat": 1, "interval": "10ms"}


def switched(lab, children=1, **child_options):
    """A host with containers and a peer behind a switch that forgets nothing. Returns (switch, host, peer)."""
    switch, host, peer = lab.switch(ageing_seconds=300), lab.host(), lab.peer()
    lab.connect(host, switch)
    lab.connect(peer, switch)
    host.add_children(children, **child_options)
    return switch, host, peer


def station(lab, switch, label, address=None):
    """One more on that switch."""
    made = lab.peer(label, address)
    lab.connect(made, switch)
    return made


def serve_quietly(host, wire, announce=None, **config):
    """arplined, and its first announcements are over; the wire has them no more. Returns the daemon."""
    daemon = host.start_arplined({**config, "announce": {**SHORT_SET, **(announce or {})}})
    wait_known(host, *host.children)
    wire.collect(SET_SECONDS)
    return daemon


def claim(ns, interface, address) -> None:
    """That address announced by whoever stands there, as a program that takes it over does."""
    ns.run("arping", "-U", "-c", "1", "-W", "0.01", "-i", interface, "-S", address, address, check=False)


def conflict(host, child) -> dict:
    return endpoint(host, child)["conflict"]


def parties(host, child) -> dict[str, str]:
    """Who claims its address: what each MAC is held for."""
    return {one["mac"]: one["party"] for one in endpoint(host, child)["claimants"]}


def spoken_for(found, child):
    """What says that the child has its address, without having been asked."""
    return [one for one in found if one.spa == one.tpa == child.address and one.sha == child.mac]
