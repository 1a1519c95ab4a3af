# SPDX-License-Identifier: Apache-2.0
"""The outage that a sending peer sees when an address moves to another host with a new MAC."""
import contextlib
import socket
import struct
import threading
import time

from lab import CommandError, frames
from lab.wire import SO_RCVBUFFORCE

from running import Arplined

ADDRESS = "10.77.1.1"
MACS = ("02:a7:00:00:01:01", "02:a7:00:00:01:02")
PORT = 9
EVERY_SECONDS = 0.001
GONE_SECONDS = 0.3  # between the removal there and the start here
PATIENCE_SECONDS = 10.0
ETH_P_ALL, ETHERTYPE_IPV4, SO_TIMESTAMPNS = 3, 0x0800, 35
NOTED = 20_000_000  # bytes; holds some seconds of frames


class Sender:
    """Sends about 1,000 datagrams a second from the peer to the address; the peer's kernel chooses the MAC."""

    def __init__(self, peer):
        with peer.ns.entered():
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            with contextlib.suppress(OSError):  # nobody has the address yet
                self._socket.sendto(b"arpline", (ADDRESS, PORT))
            time.sleep(EVERY_SECONDS)


class Port:
    """Captures the frames in and out of a port of the switch with their times."""

    def __init__(self, switch, node):
        with switch.ns.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, NOTED)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.bind((node.label[:15], ETH_P_ALL))
        self._socket.settimeout(PATIENCE_SECONDS)

    def close(self) -> None:
        self._socket.close()

    def _next(self) -> tuple[float, bytes]:
        try:
            raw, ancillary, _, _ = self._socket.recvmsg(2048, 256)
        except TimeoutError:
            raise CommandError(f"nothing at the new place's port for {PATIENCE_SECONDS} s") from None
        stamp = next(data for _, kind, data in ancillary if kind == SO_TIMESTAMPNS)
        seconds, nanoseconds = struct.unpack("qq", stamp[:16])
        return seconds + nanoseconds / 1e9, raw

    def outage(self, mac: str) -> float:
        """Seconds from the first announcement of the address by that MAC to the first datagram for it."""
        wanted, announced = frames.mac_bytes(mac), None
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            at, raw = self._next()
            if announced is None:
                arp = frames.parse(raw)
                if arp and arp.announcement and (arp.sha, arp.spa) == (mac, ADDRESS):
                    announced = at
            elif raw[:6] == wanted and int.from_bytes(raw[12:14], "big") == ETHERTYPE_IPV4:
                return at - announced
        raise CommandError(f"{mac} was {'never announced' if announced is None else 'not believed'}")


def network(lab):
    """Makes two hosts and a peer on a switch. Returns (switch, peer, hosts)."""
    switch, peer = lab.switch("switch-moved", ageing_seconds=300), lab.peer("peer-moved")
    lab.connect(peer, switch)
    hosts = [lab.host(f"host-moved{number}") for number in range(2)]
    for host in hosts:
        lab.connect(host, switch)
    return switch, peer, hosts


def run(lab, rounds: int, say) -> list[float]:
    """Returns the outage of each move in seconds."""
    switch, peer, hosts = network(lab)
    daemons = [Arplined(host) for host in hosts]
    hosts[0].add_child(address=f"{ADDRESS}/16", mac=MACS[0])
    found = []
    with Sender(peer):
        for number in range(1, rounds + 1):
            if peer.ping(ADDRESS, 1).answered != 1:
                raise CommandError(f"{ADDRESS} can't be reached before it moves")
            old, new = hosts[(number - 1) % 2], hosts[number % 2]
            old.children[0].delete()
            time.sleep(GONE_SECONDS)
            port = Port(switch, new)
            try:
                new.add_child(address=f"{ADDRESS}/16", mac=MACS[number % 2])
                found.append(port.outage(MACS[number % 2]))
            finally:
                port.close()
    for daemon in daemons:
        daemon.stop()
    say(f"moved address: reached again {max(found) * 1e3:.2f} ms after its announcement at most, {rounds} times")
    return found
