# SPDX-License-Identifier: Apache-2.0
"""Background load: the addresses of a crowd go and come at a steady rate during a measurement."""
import multiprocessing
import os
import time

MOST_SECONDS = 300.0


def _toggle(boxes, per_second: float, count, maker: int) -> None:
    start = time.monotonic()
    while time.monotonic() - start < MOST_SECONDS and os.getppid() == maker:
        for step in ("remove_address", "add_address"):
            for box in boxes:
                getattr(box, step)()
                count.value += 1
                time.sleep(max(start + count.value / per_second - time.monotonic(), 0))


class Others:
    """Runs in a process of its own, so that it does not delay the measuring one."""

    def __init__(self, crowd, per_second: float):
        self._count = multiprocessing.Value("Q", 0)
        self._process = multiprocessing.Process(target=_toggle, daemon=True,
                                                args=(crowd.boxes, per_second, self._count, os.getpid()))
        self._started = time.monotonic()

    def __enter__(self):
        self._process.start()
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.join()

    def per_second(self) -> float:
        """The rate of address changes."""
        return self._count.value / (time.monotonic() - self._started)
