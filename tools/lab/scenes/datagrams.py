# SPDX-License-Identifier: Apache-2.0
"""UDP traffic of a host in the background; two scenes use it."""
import contextlib
import socket
import threading
import time

SO_SNDBUFFORCE = 32
BYTES_UNDER_WAY = 16 << 20
PORT = 9  # the discard service


@contextlib.contextmanager
def sending(host, destinations, size, burst, gap_seconds):
    """A thread sends a burst of datagrams of `size` bytes to the next destinations every gap_seconds."""
    with host.ns.entered():
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, BYTES_UNDER_WAY)  # queued datagrams count
    sender.setblocking(False)
    stop, payload = threading.Event(), b"\0" * size

    def run():
        due = time.monotonic()
        while not stop.is_set():
            for _ in range(burst):
                with contextlib.suppress(OSError):  # no room in a queue or in the neighbour table
                    sender.sendto(payload, (next(destinations), PORT))
            due = max(due + gap_seconds, time.monotonic() - 0.1)  # catches up 0.1 s at most
            stop.wait(max(0.0, due - time.monotonic()))
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        sender.close()
