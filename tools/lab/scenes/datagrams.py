# SPDX-License-Identifier: Apache-2.0
"""UDP that a host sends while something else is looked at: no scene, but what two of them need."""
import contextlib
import socket
import threading
import time

SO_SNDBUFFORCE = 32
BYTES_UNDER_WAY = 16 << 20
PORT = 9  # discard


@contextlib.contextmanager
def sending(host, destinations, size, burst, gap_seconds):
    """A burst of datagrams of `size` bytes to the next destinations every gap, from a thread of its own."""
    with host.ns.entered():
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, BYTES_UNDER_WAY)  # what waits somewhere counts
    sender.setblocking(False)
    stop, payload = threading.Event(), b"\0" * size

    def run():
        due = time.monotonic()
        while not stop.is_set():
            for _ in range(burst):
                with contextlib.suppress(OSError):  # no room for it, in a queue or in the neighbour table
                    sender.sendto(payload, (next(destinations), PORT))
            due = max(due + gap_seconds, time.monotonic() - 0.1)  # after a pause, not all at once
            stop.wait(max(0.0, due - time.monotonic()))
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        sender.close()
