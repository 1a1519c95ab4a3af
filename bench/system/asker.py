# SPDX-License-Identifier: Apache-2.0
"""A peer that asks for one address repeatedly and records the times of the answers."""
import threading
import time

from lab import frames

PAUSE_SECONDS = 0.001


class Asker:
    """Sends about 1,000 who-has a second within ask()."""

    def __init__(self, peer):
        self._wire, self._mac = peer.wire(), peer.mac
        self._own_address = peer.planned_address.split("/")[0]
        self._frame = None
        self._last = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join()

    def ask(self, address: str, destination=frames.BROADCAST) -> None:
        self._frame = frames.arp(eth_dst=destination, sha=self._mac, spa=self._own_address, tpa=address, pad_to=60)

    def pause(self) -> None:
        self._frame = None

    def last_answer(self, address: str) -> float | None:
        """The time of the last answer on time.monotonic()'s clock, at most a millisecond late on an idle machine."""
        return self._last.get(address)

    def _run(self) -> None:
        while not self._ending.is_set():
            if frame := self._frame:
                self._wire.send(frame)
            for one in self._wire.arrived():
                if one.op == frames.REPLY:
                    self._last[one.spa] = one.at
            time.sleep(PAUSE_SECONDS)
