# SPDX-License-Identifier: Apache-2.0
"""ARP frames as they arrive on an interface, with the kernel's times."""
import mmap
import socket
import struct
from dataclasses import dataclass

from lab.wire import PACKET_IGNORE_OUTGOING, SOL_PACKET

ETH_P_ARP = 0x0806
PACKET_RX_RING, PACKET_VERSION, TPACKET_V2 = 5, 10, 1
TP_STATUS_USER = 1
SLOT_BYTES = 128  # the kernel's header and an ARP frame
BLOCK_BYTES = 1 << 20
HEADER = struct.Struct("IIIHHII")  # struct tpacket2_hdr
UNSPECIFIED = bytes(4)  # in arplined's self-test frames
ARP = struct.Struct("!28x4s6x4s")  # sender and target IP of an untagged frame


@dataclass(frozen=True)
class Announcement:
    at: float  # on the clock of time.time()
    address: bytes


class Announcements:
    """
    A packet ring with room for `frames` ARP frames. It is read after the measurement, so that reading does not
   disturb it or limit the rate.
    """

    def __init__(self, namespace, interface: str, frames: int):
        blocks = -(-frames * SLOT_BYTES // BLOCK_BYTES)
        self._slots = blocks * BLOCK_BYTES // SLOT_BYTES
        with namespace.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self._socket.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
        self._socket.setsockopt(SOL_PACKET, PACKET_RX_RING,
                                struct.pack("IIII", BLOCK_BYTES, blocks, SLOT_BYTES, self._slots))
        self._ring = mmap.mmap(self._socket.fileno(), blocks * BLOCK_BYTES)
        self._socket.bind((interface, ETH_P_ARP))

    def close(self) -> None:
        self._ring.close()
        self._socket.close()

    def count(self) -> int:
        """ARP frames so far, at most the size of the ring."""
        low, high = 0, self._slots
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._filled(middle) else (low, middle)
        return low

    def _filled(self, slot: int) -> bool:
        return bool(HEADER.unpack_from(self._ring, slot * SLOT_BYTES)[0] & TP_STATUS_USER)

    def all(self, first=0) -> list[Announcement]:
        """The frames from number `first` on, in the order of their arrival."""
        found = []
        for slot in range(first, self.count()):
            offset = slot * SLOT_BYTES
            _, _, _, mac, _, seconds, nanoseconds = HEADER.unpack_from(self._ring, offset)
            sender, target = ARP.unpack_from(self._ring, offset + mac)
            if sender == target != UNSPECIFIED:
                found.append(Announcement(seconds + nanoseconds / 1e9, sender))
        return found
