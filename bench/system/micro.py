# SPDX-License-Identifier: Apache-2.0
"""bench/micro's rows, gathered by verdict."""
import json
import re
import statistics
import subprocess
from collections import defaultdict

from lab import CommandError, build_dir

NOT_OF_THE_NAME = re.compile(r"/(iterations:\d+|manual_time|repeats:\d+)")


def run(settings) -> list[dict]:
    """The results of Google Benchmark; the medians of repetitions only."""
    argv = [str(build_dir() / "bench" / "micro" / "micro"), "--benchmark_format=json", *settings.micro_arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise CommandError(f"{' '.join(argv)}: exit code {done.returncode}: {done.stderr.strip()}")
    return gather(json.loads(done.stdout)["benchmarks"])


def gather(benchmarks) -> list[dict]:
    """An entry per verdict (or header): number of rows, nanoseconds per frame, ratio to the empty program."""
    repeated = any(one.get("aggregate_name") == "median" for one in benchmarks)
    groups = defaultdict(list)
    for one in benchmarks:
        if not repeated or one.get("aggregate_name") == "median":
            kind, what, *row = NOT_OF_THE_NAME.sub("", one["run_name"]).split("/")
            groups[kind, what if kind != "header" else "/".join([what, *row])].append(one)
    return [entry(kind, what, rows) for (kind, what), rows in groups.items()]


def entry(kind: str, what: str, rows) -> dict:
    ns = sorted(row["real_time"] for row in rows)
    times = [row["times_empty"] for row in rows if "times_empty" in row]
    return {"kind": kind, "what": what, "rows": len(rows), "ns": statistics.median(ns), "least_ns": ns[0],
            "most_ns": ns[-1], "times_empty": statistics.median(times) if times else None,
            "unstable": sum(bool(row.get("label")) for row in rows)}
