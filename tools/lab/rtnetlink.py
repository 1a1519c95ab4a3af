# SPDX-License-Identifier: Apache-2.0
"""The rtnetlink requests that make a container's interface, without a process for each."""
import os
import socket
import struct

from . import frames
from .sh import CommandError

RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR = 16, 17, 20, 21
REQUEST, ACK, EXCL, CREATE = 0x1, 0x4, 0x200, 0x400
IFLA_ADDRESS, IFLA_IFNAME, IFLA_LINK, IFLA_LINKINFO, IFLA_NET_NS_FD = 1, 3, 5, 18, 28
IFLA_INFO_KIND, IFLA_INFO_DATA, IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE = 1, 2, 1, 4
IFA_ADDRESS, IFA_LOCAL = 1, 2
IFF_UP = 1


def attribute(kind: int, payload) -> bytes:
    """payload: bytes, or a 32-bit number."""
    raw = payload if isinstance(payload, bytes) else struct.pack("=I", payload)
    return (struct.pack("=HH", 4 + len(raw), kind) + raw).ljust((4 + len(raw) + 3) & ~3, b"\0")


def link_message(index: int, flags=0, change=0) -> bytes:
    return struct.pack("=BBHiII", socket.AF_UNSPEC, 0, 0, index, flags, change)


class Route:
    """A socket in the calling thread's namespace. Every call returns after the kernel's acknowledgement."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.bind((0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _ask(self, kind: int, flags: int, body: bytes) -> None:
        self._socket.send(struct.pack("=IHHII", 16 + len(body), kind, REQUEST | ACK | flags, 1, 0) + body)
        error = -struct.unpack_from("=i", self._socket.recv(65536), 16)[0]
        if error:
            raise CommandError(f"rtnetlink: message {kind}: {os.strerror(error)}")

    def add_macvlan(self, index: int, name: str, lower: int, mac: str, netns_fd=None) -> None:
        """In bridge mode, on the interface `lower`; in the namespace netns_fd when that is given."""
        mode = attribute(IFLA_INFO_DATA, attribute(IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE))
        self._ask(RTM_NEWLINK, CREATE | EXCL, b"".join([
            link_message(index), attribute(IFLA_IFNAME, name.encode() + b"\0"), attribute(IFLA_LINK, lower),
            attribute(IFLA_ADDRESS, frames.mac_bytes(mac)),
            attribute(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, b"macvlan\0") + mode),
            attribute(IFLA_NET_NS_FD, netns_fd) if netns_fd is not None else b""]))

    def move(self, index: int, name: str, netns_fd: int) -> None:
        self._ask(RTM_NEWLINK, 0, link_message(index) + attribute(IFLA_IFNAME, name.encode() + b"\0") +
                  attribute(IFLA_NET_NS_FD, netns_fd))

    def up(self, index: int) -> None:
        self._ask(RTM_NEWLINK, 0, link_message(index, IFF_UP, IFF_UP))

    def add_address(self, index: int, address: str, prefix_bits: int) -> None:
        self._address(RTM_NEWADDR, CREATE | EXCL, index, address, prefix_bits)

    def remove_address(self, index: int, address: str, prefix_bits: int) -> None:
        self._address(RTM_DELADDR, 0, index, address, prefix_bits)

    def _address(self, kind, flags, index, address, prefix_bits) -> None:
        raw = frames.ip_bytes(address)
        self._ask(kind, flags, struct.pack("=BBBBi", socket.AF_INET, prefix_bits, 0, 0, index) +
                  attribute(IFA_LOCAL, raw) + attribute(IFA_ADDRESS, raw))
