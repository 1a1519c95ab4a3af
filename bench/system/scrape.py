# SPDX-License-Identifier: Apache-2.0
"""The cost of a scrape of arpline-exporter for the control loop, with a full table. bench/run --only scrape"""
import json
import socket
import statistics
import time

from lab import CommandError, teardown

from full_table import MEASURED, Filled
from labs import WIDE
from report_tables import table

NONE, SOME = 0, 1_000  # endpoints with series of their own
PAUSE_SECONDS = 0.3  # the loop's other work goes on
GATEWAY = {"path_probe": "10s"}


def run(places, settings, say) -> dict:
    place = places.of(WIDE)
    config = {**MEASURED, "parent": {place.host.nic: {**GATEWAY, "gateways": [place.requester]}}}
    running = Filled(place, config)
    try:
        time.sleep(settings.scrape_settle_seconds)
        found = {str(asked): samples(place.host, asked, settings.scrapes) for asked in (NONE, SOME)}
    finally:
        running.stop()
    for asked, scrapes in found.items():
        say(f"scrape of {place.plan.addresses} endpoints, {asked} with series of their own: "
            f"{statistics.median(one['loop_ms'] for one in scrapes):.2f} ms of the loop")
    return {"endpoints": place.plan.addresses, "scrapes": found}


def samples(host, endpoints: int, number: int) -> list[dict]:
    found = []
    for _ in range(number):
        time.sleep(PAUSE_SECONDS)
        started = time.monotonic()
        line = ask(host, {"cmd": "metrics", "endpoints": endpoints})
        answer = json.loads(line)
        if "gauges" not in answer:
            raise CommandError(f"metrics: {line[:500]!r}")
        found.append({"loop_ms": answer["gauges"]["scrape_loop"] * 1e3, "bytes": len(line),
                      "all_ms": (time.monotonic() - started) * 1e3,
                      "turn_ms": answer["daemon_gauges"]["loop_recent_turn"] * 1e3})
    return found


def ask(host, request: dict) -> bytes:
    path = next(teardown.RUN.glob(f"*-{host.ns.inode}/control.sock"))
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(path))
        client.sendall(json.dumps(request).encode() + b"\n")
        parts = []
        while not parts or not parts[-1].endswith(b"\n"):
            parts.append(client.recv(1 << 20))
            if not parts[-1]:
                raise CommandError("metrics: the daemon has hung up")
        return b"".join(parts)


def loop_ms(found: dict, endpoints: int) -> list[float]:
    return [one["loop_ms"] for one in found.get("scrapes", {}).get(str(endpoints), ())]


def section(found: dict) -> str:
    if not found:
        return "Not measured."
    rows = []
    for asked, scrapes in found["scrapes"].items():
        loop = [one["loop_ms"] for one in scrapes]
        rows.append((asked, f"**{statistics.median(loop):.2f}**", f"{min(loop):.2f} – {max(loop):.2f}",
                     f"{statistics.median(one['all_ms'] for one in scrapes):.1f}", f"{scrapes[0]['bytes'] / 1e3:,.0f}"))
    return (f"{found['endpoints']} endpoints, each with a gateway. The time that the control loop spends on the answer "
            f"to `arpline-exporter`, as `arpline_scrape_loop_seconds` has it; *in all*: until the answer is read, the "
            f"most of which is another thread's.\n\n" +
            table(("endpoints with series of their own", "loop, ms", "least – most", "in all, ms", "answer, kB"), rows))
