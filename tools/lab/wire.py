# SPDX-License-Identifier: Apache-2.0
"""Raw frames on one interface of one namespace: sends bytes, collects the ARP frames that arrive."""
import select
import socket
import struct
import time

from . import frames, sh

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_AUXDATA = 8
PACKET_IGNORE_OUTGOING = 23
SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35
TP_STATUS_VLAN_VALID = 1 << 4


class Wire:
    def __init__(self, namespace, interface: str):
        with namespace.entered():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
            self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
            self.socket.bind((interface, ETH_P_ALL))
        self.socket.setblocking(False)
        self._epoch = time.time() - time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, frame: bytes) -> None:
        self.socket.send(frame)

    def _receive(self) -> tuple[bytes, float] | None:
        """A frame and the kernel's time of its arrival."""
        try:
            raw, ancillary, _, _ = self.socket.recvmsg(65536, 256)
        except BlockingIOError:
            return None
        at = time.monotonic()
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack_from("qq", data)
                at = seconds + nanoseconds / 1e9 - self._epoch
            if level == SOL_PACKET and kind == PACKET_AUXDATA:
                status, _, _, _, _, tci, tpid = struct.unpack_from("IIIHHHH", data)
                if status & TP_STATUS_VLAN_VALID:  # the kernel has taken the tag out of the frame: put it back
                    raw = raw[:12] + struct.pack("!HH", tpid or 0x8100, tci) + raw[12:]
        return raw, at

    def capture(self, seconds: float) -> list[bytes]:
        """All frames of the next seconds, ARP or not."""
        found, end = [], time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if received := self._receive():
                found.append(received[0])
            else:
                select.select([self.socket], [], [], left)
        return found

    def arrived(self) -> list[frames.Arp]:
        """The ARP frames that have arrived; does not wait."""
        found = []
        while (received := self._receive()) is not None:
            parsed = frames.parse(*received)
            if parsed:
                found.append(parsed)
        return found

    def collect(self, seconds: float, enough=None) -> list[frames.Arp]:
        """ARP frames of the next seconds; ends early once enough(found) is true."""
        found = self.arrived()
        end = time.monotonic() + seconds
        while not (enough and enough(found)):
            left = end - time.monotonic()
            if left <= 0:
                break
            select.select([self.socket], [], [], left)
            found += self.arrived()
        return found

    def replies(self, frame: bytes, seconds=0.2, count=1) -> list[frames.Arp]:
        """Sends a request and returns the replies; returns early after `count` of them (0: never early)."""
        self.arrived()
        self.send(frame)

        def only_replies(found):
            return [one for one in found if one.op == frames.REPLY]
        if not count:
            return only_replies(self.collect(seconds))
        return only_replies(self.collect(seconds * sh.PATIENCE, lambda f: len(only_replies(f)) >= count))


def exchange(wire: Wire, next_frame, rate_per_s: float, seconds: float, on_tick=None):
    """
    Sends next_frame(n) at a steady rate and collects ARP frames until 0.5 s after the last one. on_tick(elapsed)
    is called between frames. Returns (number sent, the ARP frames that arrived).
    """
    wire.arrived()
    start, sent, found, total = time.monotonic(), 0, [], int(rate_per_s * seconds)
    while sent < total:
        elapsed = time.monotonic() - start
        while sent < min(total, elapsed * rate_per_s):
            wire.send(next_frame(sent))
            sent += 1
            if sent % 64 == 0:
                found += wire.arrived()
        found += wire.arrived()
        if on_tick:
            on_tick(elapsed)
        time.sleep(0.001)
    return sent, found + wire.collect(0.5)
