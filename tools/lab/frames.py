# SPDX-License-Identifier: Apache-2.0
"""ARP frames as bytes: every field can be set, also to a wrong value."""
import ipaddress
import struct
from dataclasses import dataclass

BROADCAST = "ff:ff:ff:ff:ff:ff"
ZERO_MAC = "00:00:00:00:00:00"
ETHERTYPE_ARP = 0x0806
TAG_8021Q, TAG_8021AD = 0x8100, 0x88A8
TAG_TYPES = (TAG_8021Q, TAG_8021AD, 0x9100)
REQUEST, REPLY = 1, 2


def mac_bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def mac_text(raw: bytes) -> str:
    return ":".join(f"{byte:02x}" for byte in raw)


def ip_bytes(text: str) -> bytes:
    return ipaddress.IPv4Address(text).packed


def arp(op=REQUEST, eth_dst=BROADCAST, eth_src=None, sha=None, spa="0.0.0.0", tha=ZERO_MAC, tpa="0.0.0.0",
        hrd=1, pro=0x0800, hln=6, pln=4, tags=(), pad_to=0, truncate_to=None) -> bytes:
    """tags: (type, tci) pairs, the outermost first. eth_src and sha default to each other."""
    eth_src, sha = eth_src or sha, sha or eth_src
    frame = mac_bytes(eth_dst) + mac_bytes(eth_src)
    for tag_type, tci in tags:
        frame += struct.pack("!HH", tag_type, tci)
    frame += struct.pack("!HHHBBH", ETHERTYPE_ARP, hrd, pro, hln, pln, op)
    frame += mac_bytes(sha) + ip_bytes(spa) + mac_bytes(tha) + ip_bytes(tpa)
    frame = frame.ljust(pad_to, b"\0")
    return frame if truncate_to is None else frame[:truncate_to]


@dataclass(frozen=True)
class Arp:
    """A received frame that is ARP for IPv4 over Ethernet, tags allowed."""
    eth_dst: str
    eth_src: str
    tags: tuple
    op: int
    sha: str
    spa: str
    tha: str
    tpa: str
    raw: bytes
    at: float

    @property
    def announcement(self) -> bool:
        return self.spa == self.tpa and self.op == REQUEST

    @property
    def bytes_without_padding(self) -> bytes:
        """The frame without the zeros after the 28 bytes of ARP."""
        end = 14 + 4 * len(self.tags) + 28
        return self.raw[:end] + self.raw[end:].rstrip(b"\0")


def parse(raw: bytes, at: float = 0.0) -> Arp | None:
    offset, tags = 12, []
    while len(raw) >= offset + 4 and struct.unpack_from("!H", raw, offset)[0] in TAG_TYPES:
        tags.append(struct.unpack_from("!HH", raw, offset))
        offset += 4
    body = raw[offset + 2:]
    if len(body) < 28 or struct.unpack_from("!H", raw, offset)[0] != ETHERTYPE_ARP or body[4:6] != b"\x06\x04":
        return None
    return Arp(eth_dst=mac_text(raw[:6]), eth_src=mac_text(raw[6:12]), tags=tuple(tags),
               op=struct.unpack_from("!H", body, 6)[0], sha=mac_text(body[8:14]),
               spa=str(ipaddress.IPv4Address(body[14:18])), tha=mac_text(body[18:24]),
               tpa=str(ipaddress.IPv4Address(body[24:28])), raw=raw, at=at)
