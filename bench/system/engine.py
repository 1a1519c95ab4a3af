# SPDX-License-Identifier: Apache-2.0
"""The engine on a DPDK device in memory: time stamp counter ticks per frame. bench/run --only engine"""
import json
import statistics
import subprocess

from lab import CommandError, build_dir
from report_tables import table

FEW, MANY = 64, 65_536
STEPS = ("receive", "decide", "send")

METHOD = """The engine's own pieces without NIC and kernel: `EthdevPort` over rings in memory (DPDK's net_ring),
`EngineIngress` (the whole decision), bursts of {burst}. Each endpoint is asked by one requester that its kernel
has answered, at random; all answers are REFLECT's. Addresses are of 64 interfaces. Ticks of the time stamp
counter, {ghz:.2f} GHz here: not cycles where the core runs at another speed. A round's figures are the medians
of {fillings} fillings of a ring of {room} frames, which was written just before; the table has the medians of
the rounds."""


def run(settings) -> dict:
    argv = ["taskset", "--cpu-list", "1", str(build_dir() / "bench" / "engine" / "engine"),
            "--endpoints", str(FEW), str(MANY), "--rounds", str(settings.rounds),
            "--frames", str(settings.engine_frames)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise CommandError(f"{' '.join(argv)}: exit code {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def of(found: dict, endpoints: int, step: str) -> list[float]:
    """The values of all rounds."""
    return [one[step] for one in found.get("rounds", ()) if one["endpoints"] == endpoints]


def section(found: dict) -> str:
    if not found:
        return "Not measured."
    rows = []
    for endpoints in (FEW, MANY):
        medians = {step: statistics.median(of(found, endpoints, step)) for step in STEPS}
        total = sum(medians.values())
        decided = of(found, endpoints, "decide")
        rows.append((endpoints, *(f"{ticks:.1f} ({ticks / total * 100:.0f} %)" for ticks in medians.values()),
                     f"{min(decided):.1f} – {max(decided):.1f}", f"**{total:.1f}**",
                     f"{total / found['tsc_hz'] * 1e9:.1f}", f"{found['tsc_hz'] / total / 1e6:.1f}"))
    method = METHOD.format(burst=found["burst"], ghz=found["tsc_hz"] / 1e9, fillings=found["fillings"],
                           room=found["room"])
    heading = ("endpoints", "receive", "decide", "send", "decide, least – most", "ticks a frame", "ns", "M frames/s")
    return method + "\n\n" + table(heading, rows)
