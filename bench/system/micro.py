# SPDX-License-Identifier: Apache-2.0
"""bench/micro's rows, gathered by verdict."""
import json
import re
import statistics
import subprocess
from collections import defaultdict

from lab import CommandError, build_dir

# Of a row: ns above the program that is measured beside it, with the least and the most of its runs; its way.
COUNTERS = (*(f"above_{other}{of}" for other in ("empty", "reflector") for of in ("", "_least", "_most")),
            "instructions", "look_ups", "calls")
NOT_OF_THE_NAME = re.compile(r"/(iterations:\d+|manual_time|repeats:\d+)")


def run(settings) -> list[dict]:
    """The results of Google Benchmark; the medians of repetitions only."""
    argv = [str(build_dir() / "bench" / "micro" / "micro"), "--benchmark_format=json", *settings.micro_arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise CommandError(f"{' '.join(argv)}: exit code {done.returncode}: {done.stderr.strip()}")
    return gather(json.loads(done.stdout)["benchmarks"])


def gather(benchmarks) -> list[dict]:
    """An entry per verdict (or header): number of rows, nanoseconds per frame, the medians of COUNTERS."""
    repeated = any(one.get("aggregate_name") == "median" for one in benchmarks)
    groups = defaultdict(list)
    for one in benchmarks:
        if not repeated or one.get("aggregate_name") == "median":
            kind, what, *row = NOT_OF_THE_NAME.sub("", one["run_name"]).split("/")
            groups[kind, what if kind != "header" else "/".join([what, *row])].append(one)
    return [entry(kind, what, rows) for (kind, what), rows in groups.items()]


def entry(kind: str, what: str, rows) -> dict:
    ns = sorted(row["real_time"] for row in rows)
    return {"kind": kind, "what": what, "rows": len(rows), "ns": statistics.median(ns), "least_ns": ns[0],
            "most_ns": ns[-1], "unstable": sum(bool(row.get("label")) for row in rows),
            **{counter: middle(rows, counter) for counter in COUNTERS}}


def middle(rows, counter: str):
    found = [row[counter] for row in rows if counter in row]
    return statistics.median(found) if found else None
