# SPDX-License-Identifier: Apache-2.0
"""Many containers of one host, made and deleted in bulk: a thousand take seconds."""
import contextlib
import ipaddress
import socket
from pathlib import Path

from . import sh, teardown
from .netns import FOLDER, entered
from .rtnetlink import Route

PREFIX_BITS = 16
# A fixed ifindex, the same in the host's namespace and in the container's, so that no step has to look it up.
FIRST_INDEX = 10_000


class Box:
    """A container of a crowd. At first it has a namespace and no interface."""

    def __init__(self, name: str, address: ipaddress.IPv4Address):
        low = int(address) & 0xFFFF
        self.name, self.path = name, FOLDER / name
        self.address, self.mac = str(address), f"02:a7:01:00:{low >> 8:02x}:{low & 255:02x}"
        self.index = FIRST_INDEX + low

    @contextlib.contextmanager
    def route(self):
        """An rtnetlink socket in its namespace; the calling thread is in that namespace within the block."""
        with entered(self.path), Route() as route:
            yield route

    def add_address(self, address=None) -> None:
        with self.route() as route:
            route.add_address(self.index, address or self.address, PREFIX_BITS)

    def remove_address(self, address=None) -> None:
        with self.route() as route:
            route.remove_address(self.index, address or self.address, PREFIX_BITS)


class Crowd:
    """
    first: the address of the first box, the others have the addresses after it; crowds of one host must not overlap.
   Each step takes some boxes, or all of them by default. The lab removes the remaining boxes at its end.
    """

    def __init__(self, host, label: str, first: str, count: int):
        self.host = host
        start = ipaddress.IPv4Address(first)
        self.boxes = [Box(f"{teardown.PREFIX}{host.lab.id}-{label}{number}", start + number)
                      for number in range(count)]
        with host.ns.entered():
            self._parent = socket.if_nametoindex(host.nic)

    def make_namespaces(self, boxes=None) -> None:
        some = self._some(boxes)
        _ip_batch(f"netns add {box.name}" for box in some)
        for box in some:
            with entered(box.path):
                # IPv6 is off, as in every namespace of a lab.
                for scope in ("all", "default"):
                    file = Path(f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6")
                    if file.exists():
                        file.write_text("1", encoding="ascii")

    def make_interfaces(self, boxes=None, inside=False, name="mv0") -> None:
        """Makes them down and without an address. inside: make them in the container's namespace, do not move them."""
        with self.host.ns.entered(), Route() as route:
            for box in self._some(boxes):
                with open(box.path, "rb") as netns:
                    if inside:
                        route.add_macvlan(box.index, name, self._parent, box.mac, netns.fileno())
                    else:
                        route.add_macvlan(box.index, f"tmp{box.index}", self._parent, box.mac)
                        route.move(box.index, name, netns.fileno())

    def up(self, boxes=None, address=True) -> None:
        for box in self._some(boxes):
            with box.route() as route:
                if address:
                    route.add_address(box.index, box.address, PREFIX_BITS)
                route.up(box.index)

    def make(self, boxes=None, inside=False, address=True) -> None:
        """Makes namespaces, interfaces and addresses."""
        self.make_namespaces(boxes)
        self.make_interfaces(boxes, inside)
        self.up(boxes, address)

    def delete(self, boxes=None) -> None:
        """Deletes the namespaces only, as a runtime does; the kernel removes the interfaces later."""
        _ip_batch(f"netns del {box.name}" for box in self._some(boxes))

    def _some(self, boxes) -> list[Box]:
        return self.boxes if boxes is None else boxes


def _ip_batch(lines) -> None:
    sh.run("ip", "-batch", "-", stdin="".join(f"{line}\n" for line in lines), timeout=300)
