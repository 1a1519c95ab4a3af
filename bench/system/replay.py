# SPDX-License-Identifier: Apache-2.0
"""The speed of `arpline replay`: a capture in the page cache, from the program's start to its end."""
import ipaddress
import json
import subprocess
import tempfile
import time
from itertools import islice
from pathlib import Path
from struct import Struct, pack

from lab import CommandError, arpline, frames

ENDPOINTS, REQUESTERS = 64, 8
PROMISED = 2_000_000  # frames a second
NOISE_EVERY = 10
BETWEEN_NS = 10_000
START_NS = 1_700_000_000 * 10**9
PACKET = Struct("<7I")
NETWORK = ipaddress.IPv4Address("10.99.0.0")


def endpoint(number: int) -> tuple[str, str]:
    return f"02:42:0a:63:00:{number + 1:02x}", str(NETWORK + 1 + number)


def requester(number: int) -> tuple[str, str]:
    return f"52:54:00:63:00:{number + 1:02x}", str(NETWORK + 200 + number)


def noise() -> list[bytes]:
    """Background frames: a who-has for a foreign address, an announcement, a reply of another host, not ARP."""
    mac, address = requester(0)
    return [frames.arp(eth_src=mac, spa=address, tpa="10.99.0.150", pad_to=60),
            frames.arp(eth_src=mac, spa=address, tpa=address, pad_to=60),
            frames.arp(op=frames.REPLY, eth_src=mac, spa=address, eth_dst=requester(1)[0], tha=requester(1)[0],
                       tpa=requester(1)[1], pad_to=60),
            frames.mac_bytes(frames.BROADCAST) + frames.mac_bytes(mac) + b"\x08\x00" + bytes(46)]


def traffic():
    """Each requester asks each endpoint, whose kernel answers the first time; noise in between."""
    asked, first = [], []
    for mac, address in map(requester, range(REQUESTERS)):
        for its_mac, its_address in map(endpoint, range(ENDPOINTS)):
            asked.append(frames.arp(eth_src=mac, spa=address, tpa=its_address, pad_to=60))
            first += [asked[-1], frames.arp(op=frames.REPLY, eth_src=its_mac, spa=its_address, eth_dst=mac, tha=mac,
                                            tpa=address)]
    yield from first
    others, number = noise(), 0
    while True:
        number += 1
        yield (others[number // NOISE_EVERY % len(others)] if number % NOISE_EVERY == 0
               else asked[number % len(asked)])


def write(path: Path, count: int) -> None:
    """Writes pcapng with one interface, as dumpcap does."""
    with open(path, "wb") as file:
        file.write(pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28))
        file.write(pack("<IIHHIHHB3xI", 1, 28, 1, 0, 262_144, 9, 1, 9, 28))
        for number, frame in enumerate(islice(traffic(), count)):
            at = START_NS + number * BETWEEN_NS
            padded = (len(frame) + 3) // 4 * 4
            file.write(PACKET.pack(6, 32 + padded, 0, at >> 32, at & 0xFFFFFFFF, len(frame), len(frame)) +
                       frame.ljust(padded, b"\0") + pack("<I", 32 + padded))


def run(settings, say) -> dict:
    with tempfile.TemporaryDirectory(prefix="arpline-bench-") as folder:
        path = Path(folder) / "capture.pcapng"
        write(path, settings.replay_frames)
        path.read_bytes()
        rounds = [replayed(path, settings.replay_frames) for _ in range(settings.rounds)]
    for one in rounds:
        say(f"replay: {one['frames'] / one['seconds'] / 1e6:.3f} M frames/s")
    return {"endpoints": ENDPOINTS, "requesters": REQUESTERS, "rounds": rounds}


def replayed(path: Path, count: int) -> dict:
    argv = [arpline(), "replay", "--as-root", "--json", str(path)]
    for mac, address in map(endpoint, range(ENDPOINTS)):
        argv += ["--endpoint", f"{address}/24={mac}"]
    started = time.monotonic()
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    seconds = time.monotonic() - started
    if done.returncode != 0:
        raise CommandError(f"arpline replay: exit code {done.returncode}: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    if found["frames"] != count:
        raise CommandError(f"arpline replay: {found['frames']} frames of {count}")
    return {"frames": count, "seconds": seconds, "not_arp": found["not_arp"],
            "verdicts": {name: sum_ for name, sum_ in found["verdicts"].items() if sum_}}
