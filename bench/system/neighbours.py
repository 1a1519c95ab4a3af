# SPDX-License-Identifier: Apache-2.0
"""The kernel's neighbour table during a measurement: a scan fills it, or a container resolves gateways through it."""
import contextlib
import re
import socket
import threading
import time

from lab import CommandError, sh

SCANNED_PER_SECOND = 1_000  # an unresolved address stays in the table for 3 s, and the table holds 1,024
FILL_SECONDS = 10.0
SO_SNDBUFFORCE = 32  # not in Python's socket
SEND_BUFFER_BYTES = 8 << 20
PORT = 9  # the discard service
GATEWAYS = 20
FIRST_GATEWAY = 101


def table_fulls() -> int:
    """The kernel's count of times when the table, which all namespaces share, had no room."""
    return int(re.search(r"table_fulls (\d+)", sh.run("ip", "-s", "ntable", "show", "name", "arp_cache").stdout)[1])


class Scan:
    """Another host scans an empty /16: within `with scan:` the table is full. The host exists for the whole run."""

    def __init__(self, lab):
        here, there = lab.peer("scan", address="10.99.0.1/16"), lab.peer("scanned", address="")
        lab.connect(here, there)
        with here.ns.entered():
            self._socket = lab.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self._socket.setblocking(False)
        # A datagram that waits for its neighbour counts against the send buffer.
        self._socket.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER_BYTES)
        self.table_fulls = 0

    def __enter__(self):
        self._before = table_fulls()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        end = time.monotonic() + FILL_SECONDS
        while table_fulls() == self._before:
            if time.monotonic() > end:
                self.__exit__()
                raise CommandError(f"the neighbour table is not full after {FILL_SECONDS:g} s of a scan")
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join()
        self.table_fulls = table_fulls() - self._before

    def _run(self) -> None:
        number = 0
        while not self._ending.wait(10 / SCANNED_PER_SECOND):
            for _ in range(10):
                number = (number + 1) % 60_000
                with contextlib.suppress(OSError):  # the error of a full table
                    self._socket.sendto(b"", (f"10.99.{1 + number // 250}.{1 + number % 250}", PORT))


class Gateways:
    """Addresses of the peer, to which a container sends as to gateways that are not in its neighbour table."""

    def __init__(self, place):
        self._peer, self._child = place.peer, place.host.children[-1]
        network = place.requester.rpartition(".")[0]
        self._addresses = [f"{network}.{FIRST_GATEWAY + number}" for number in range(GATEWAYS)]
        self._peer.ns.ip_batch(f"addr replace {address}/16 dev {self._peer.nic}" for address in self._addresses)
        with self._child.ns.entered():
            self._socket = place.host.lab.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

    def ask(self, after: float, within: float) -> threading.Thread:
        """Starts to send in `after` seconds; takes `within` seconds for all of them."""
        self._child.ns.ip("neigh", "flush", "all")

        def run():
            time.sleep(after)
            for address in self._addresses:
                self._socket.sendto(b"", (address, PORT))
                time.sleep(within / GATEWAYS)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def resolved(self) -> int:
        """The number of gateways with a MAC in the container's neighbour table."""
        known = self._child.ns.ip("neigh", "show").stdout.splitlines()
        return sum(line.split()[0] in self._addresses and f"lladdr {self._peer.mac}" in line for line in known)
