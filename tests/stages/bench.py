# SPDX-License-Identifier: Apache-2.0
"""The benchmarks: checks that every responder answers and that the report is written, but no speed."""
import json
import os

from .results import BUILD, Run, execute

TIMEOUT_SECONDS = 300


def bench(run: Run) -> None:
    if not run.wanted("bench/run --smoke"):
        return
    folder = run.scratch_file("bench")
    # bench/run adds the benchmarks to the existing build, so that the later clang-tidy sees them.
    code, text = execute(["bench/run", "--smoke", "--output", folder], TIMEOUT_SECONDS,
                         env={**os.environ, "ARPLINE_BUILD": str(BUILD)})
    results = folder / "results.json"
    if not results.exists():
        run.failed("bench/run --smoke", f"{text[-6000:]}\nexit code {code}")
        return
    document = json.loads(results.read_text(encoding="utf-8"))
    for one in document["responders"]:
        name = f"bench {one['name']}"
        if one["skipped"]:
            run.skipped(name, one["skipped"])
        elif one["failed"]:
            run.failed(name, one["failed"])
        else:
            run.passed()
    by_name = {one["name"]: one for one in document["responders"]}
    check(run, "bench ethdev-64 answers by the ring",
          by_name["ethdev-64"]["skipped"] or all(one["ring"] for one in by_name["ethdev-64"]["curve"]))
    check(run, "bench generator", document["generator"])
    fast_path(run, document)
    attacks(run, document)
    for protocol in ("udp", "tcp"):
        check(run, f"bench {protocol}", document["streams"].get(protocol, {}).get("arplined"))
    discovery = document["discovery"]
    for name in ("added", "inside", "removed", "deleted", "busy", "all_deleted"):
        check(run, f"bench discovery {name}", discovery.get(name, {}).get("from_event", {}).get("count"))
    check(run, "bench discovery starts", all(discovery.get("starts", [None])))
    check(run, "bench discovery idle", discovery.get("idle", {}).get("memory"))
    check(run, "bench discovery rounds", all(one["right"] for one in discovery.get("rounds", [{"right": False}])))
    check(run, "bench scrape", all(document["scrape"].get("scrapes", {"": []}).values()))
    check(run, "bench replay", document["replay"].get("rounds", [{"verdicts": {}}])[0]["verdicts"].get("reflect"))
    check(run, "bench engine", document["engine"].get("rounds"))
    check(run, "bench micro", document["micro"])
    for name in ("report.md", "answered.svg", "answered.png", "ratio.svg", "ratio.png"):
        check(run, f"bench {name}", (folder / name).exists() and (folder / name).stat().st_size > 1000)
    if code != 0 and not any(one["failed"] for one in document["responders"]):
        run.failed("bench/run --smoke", f"{text[-6000:]}\nexit code {code}")


def fast_path(run: Run, document: dict) -> None:
    found = document["fast_path"]
    for key, way in (("fast", "one"), ("fast", "random"), ("fast-wide", "one")):
        samples = found.get("full", {}).get(key, {}).get(way)
        check(run, f"bench fast path {key}, {way}", samples and all(one["reflected"] for one in samples))
    for case in ("other", "container", "random", "full_table"):
        samples = found.get("cases", {}).get(case, {}).get("fast")
        check(run, f"bench fast path during {case}", samples and all(one["answered"] for one in samples))
    lookups = document["lookups"].get("answered", {})
    for mode in ("xdp-tx", "xdp-tx-index", "xdp-tx-hash"):
        check(run, f"bench lookups {mode}", all(all(rates) for rates in lookups.get(mode, {"": [0]}).values()))


def check(run: Run, name: str, there) -> None:
    if there:
        run.passed()
    else:
        run.failed(name, "there is nothing")


def attacks(run: Run, document: dict) -> None:
    found = document["attacks"].get("attacks", {})
    check(run, "bench attacks", len(found) == 10)
    for name, sides in found.items():
        for side in ("without", "attacked"):
            check(run, f"bench attack {name}, {side}", sides.get(side) and
                  all(one["good_answered"] for one in sides[side]))
