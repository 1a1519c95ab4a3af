# SPDX-License-Identifier: Apache-2.0
"""
Frames that the lab with arpline and the bare one must answer alike. Each is a function of the requester's MAC and IP
and of the lab's layout, which is the same in both labs.
"""
from dataclasses import dataclass

from lab import frames

DOT1Q, DOT1AD, OLD_QINQ = 0x8100, 0x88A8, 0x9100
STRANGER = "02:ee:00:00:00:01"


@dataclass(frozen=True)
class Layout:
    parent_mac: str
    parent_address: str
    target: tuple  # (MAC, IP) of the container to ask
    claimed: tuple  # (MAC, IP) of a container whose address others claim
    private: tuple  # (MAC, IP) of a container in mode private


def _fields(**fields):
    return lambda mac, ip, at: frames.arp(eth_src=mac, spa=ip, tpa=at.target[1], **fields)


def _sender(spa):
    return lambda mac, ip, at: frames.arp(eth_src=mac, spa=spa, tpa=at.target[1])


def _frame(build):
    """Makes a frame function from build(mac, ip, at), which returns the fields that differ from a plain who-has."""
    return lambda mac, ip, at: frames.arp(**{"eth_src": mac, "spa": ip, "tpa": at.target[1], **build(mac, ip, at)})


REQUESTS = {
    "plain": _fields(),
    "target MAC filled in": _frame(lambda mac, ip, at: {"tha": at.target[0]}),
    "unicast to its MAC": _frame(lambda mac, ip, at: {"eth_dst": at.target[0]}),
    "padded to 60 bytes": _fields(pad_to=60),
    "padded to 128 bytes": _fields(pad_to=128),
    "padded to 129 bytes": _fields(pad_to=129),
    "padded to 1400 bytes": _fields(pad_to=1400),
    "priority tag, priority 3": _fields(tags=[(DOT1Q, 3 << 13)]),
    "priority tag, priority 0": _fields(tags=[(DOT1Q, 0)]),
    "priority tag, padded": _fields(tags=[(DOT1Q, 7 << 13)], pad_to=64),
}

ODD = {
    "only an Ethernet header": _fields(truncate_to=14),
    "cut in the ARP header": _fields(truncate_to=20),
    "one byte short": _fields(truncate_to=41),
    "cut behind a tag": _fields(tags=[(DOT1Q, 0)], truncate_to=18),
    "hardware type 2": _fields(hrd=2),
    "hardware type 6": _fields(hrd=6),
    "hardware type 0": _fields(hrd=0),
    "protocol IPv6": _fields(pro=0x86DD),
    "hardware length 8": _fields(hln=8),
    "protocol length 16": _fields(pln=16),
    "lengths 0": _fields(hln=0, pln=0),
    "opcode 0": _fields(op=0),
    "opcode 3": _fields(op=3),
    "opcode 9": _fields(op=9),
    "opcode 25": _fields(op=25),
    "opcode 65535": _fields(op=65535),
    "an unasked reply": _fields(op=2),
    "a unicast reply": _frame(lambda mac, ip, at: {"op": 2, "eth_dst": at.target[0], "tha": at.target[0]}),
    "sender MAC zero": _fields(sha=frames.ZERO_MAC),
    "sender MAC multicast": _fields(sha="01:00:5e:00:00:01"),
    "sender MAC broadcast": _fields(sha=frames.BROADCAST),
    "sender MAC not the Ethernet source": _fields(sha=STRANGER),
    "sender MAC the parent's": _frame(lambda mac, ip, at: {"sha": at.parent_mac}),
    "sender MAC the target's own": _frame(lambda mac, ip, at: {"sha": at.target[0]}),
    "Ethernet source the parent's": _frame(lambda mac, ip, at: {"eth_src": at.parent_mac, "sha": mac}),
    "own announcement reflected":
        _frame(lambda mac, ip, at: {"eth_src": at.target[0], "spa": at.target[1]}),
    "a sibling's announcement reflected":
        _frame(lambda mac, ip, at: {"eth_src": at.private[0], "spa": at.private[1], "tpa": at.private[1]}),
    "the requester's announcement": _frame(lambda mac, ip, at: {"tpa": ip}),
    "tag 100": _fields(tags=[(DOT1Q, 100)]),
    "tag 4095": _fields(tags=[(DOT1Q, 4095)]),
    "two tags": _fields(tags=[(DOT1Q, 100), (DOT1Q, 200)]),
    "two priority tags": _fields(tags=[(DOT1Q, 0), (DOT1Q, 0)]),
    "802.1ad": _fields(tags=[(DOT1AD, 100)]),
    "802.1ad, id 0": _fields(tags=[(DOT1AD, 0)]),
    "802.1ad and 802.1Q": _fields(tags=[(DOT1AD, 100), (DOT1Q, 200)]),
    "three tags": _fields(tags=[(DOT1Q, 1), (DOT1Q, 2), (DOT1Q, 3)]),
    "three priority tags": _fields(tags=[(DOT1Q, 0)] * 3),
    "tag type 9100": _fields(tags=[(OLD_QINQ, 100)]),
    "sender off the subnet": _sender("192.168.5.5"),
    "broadcast probe": _sender("0.0.0.0"),
    "unicast probe": _frame(lambda mac, ip, at: {"spa": "0.0.0.0", "eth_dst": at.target[0]}),
    "sender 0.1.2.3": _sender("0.1.2.3"),
    "sender 127.0.0.1": _sender("127.0.0.1"),
    "sender multicast": _sender("224.0.0.1"),
    "sender 240.0.0.1": _sender("240.0.0.1"),
    "sender 255.255.255.255": _sender("255.255.255.255"),
    "sender the subnet's broadcast address": _sender("10.77.255.255"),
    "sender the subnet's network address": _sender("10.77.0.0"),
    "unicast to a sibling's MAC": _frame(lambda mac, ip, at: {"eth_dst": at.private[0]}),
    "unicast to the parent's MAC": _frame(lambda mac, ip, at: {"eth_dst": at.parent_mac}),
    "unicast to a stranger's MAC": _fields(eth_dst=STRANGER),
    "to a multicast MAC": _fields(eth_dst="01:00:5e:00:00:01"),
    "for nobody's address": _frame(lambda mac, ip, at: {"tpa": "10.77.200.200"}),
    "for the host's address": _frame(lambda mac, ip, at: {"tpa": at.parent_address}),
    "for an address on a container's lo": _frame(lambda mac, ip, at: {"tpa": "10.77.99.1"}),
    "for a container in mode private": _frame(lambda mac, ip, at: {"tpa": at.private[1]}),
    "target 0.0.0.0": _frame(lambda mac, ip, at: {"tpa": "0.0.0.0"}),
    "target 255.255.255.255": _frame(lambda mac, ip, at: {"tpa": "255.255.255.255"}),
    "target the subnet's broadcast address": _frame(lambda mac, ip, at: {"tpa": "10.77.255.255"}),
}

# These make the claimed container contested, so they come last.
CLAIMS = {
    "sender the target's own address": _frame(lambda mac, ip, at: {"spa": at.claimed[1], "tpa": at.claimed[1]}),
    "its address claimed while another is asked": _frame(lambda mac, ip, at: {"spa": at.claimed[1]}),
    "who-has for the claimed": _frame(lambda mac, ip, at: {"tpa": at.claimed[1]}),
    "claimed by a reply": _frame(lambda mac, ip, at: {"op": 2, "spa": at.claimed[1], "tpa": ip}),
    "who-has for the claimed again": _frame(lambda mac, ip, at: {"tpa": at.claimed[1]}),
}

EVERY = {**REQUESTS, **ODD, **CLAIMS}
