# SPDX-License-Identifier: Apache-2.0
"""
bench/run: measures arpline beside the kernel, the limits of the machine and other responders; writes results.json,
report.md and plots. Exit code 1 when a target is missed (with --quick they are only reported).
"""
import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools")]

import attacks  # noqa: E402
import discovery  # noqa: E402
import engine  # noqa: E402
import fast_path  # noqa: E402
import generator  # noqa: E402
import lookups  # noqa: E402
import machine  # noqa: E402
import measure  # noqa: E402
import micro  # noqa: E402
import plots  # noqa: E402
import protocol  # noqa: E402
import replay  # noqa: E402
import report  # noqa: E402
import running  # noqa: E402
import scrape  # noqa: E402
import settings  # noqa: E402
import streams  # noqa: E402
import targets  # noqa: E402
import watch  # noqa: E402
from contestants import CONTESTANTS, PORTS  # noqa: E402
from labs import Places  # noqa: E402
from lab import ROOT, CommandError, Lab, build_dir  # noqa: E402

OTHERS = ("generator", "fast_path", "attacks", "lookups", "udp", "tcp", "discovery", "protocol", "scrape", "watch",
          "replay", "engine", "micro")
NAMES = [one.name for one in CONTESTANTS] + list(OTHERS)
DOCS = ROOT / "docs"


def arguments():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, a few minutes")
    parser.add_argument("--smoke", action="store_true", help="only whether everybody answers; measures nothing")
    parser.add_argument("--rounds", type=int, metavar="N", help="instead of 5 (--quick: 3, of the fast path 1)")
    parser.add_argument("--output", type=Path, default=ROOT / "bench-results", metavar="DIR")
    parser.add_argument("--only", metavar="NAME,…", help=f"{', '.join(NAMES)}; ports: {', '.join(PORTS)}")
    parser.add_argument("--pinned", action="store_true",
                        help="the processes that answer share one CPU with the parent's NAPI")
    parser.add_argument("--docs", action="store_true", help="write docs/performance.md and its plots too")
    parser.add_argument("--render", action="store_true", help="no measurement: report and plots from DIR/results.json")
    given = parser.parse_args()
    given.wanted = given.only.split(",") if given.only else list(NAMES)
    if "ports" in given.wanted:
        given.wanted = [name for name in given.wanted if name != "ports"] + list(PORTS)
    if unknown := [name for name in given.wanted if name not in NAMES]:
        parser.error(f"no such name: {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    if given.rounds is not None and given.rounds < 1:
        parser.error("--rounds must be at least 1")
    return given


def settings_of(given):
    chosen = settings.SMOKE if given.smoke else settings.QUICK if given.quick else settings.FULL
    if not given.rounds:
        return chosen
    return replace(chosen, rounds=given.rounds, fast_path=replace(chosen.fast_path, rounds=given.rounds),
                   attacks=replace(chosen.attacks, rounds=given.rounds))


def say(line: str) -> None:
    print(line, flush=True)


def measured(given, chosen) -> dict:
    words = [word for word in ("--quick", "--smoke", "--pinned") if getattr(given, word[2:])]
    words += [f"--rounds {given.rounds}"] * bool(given.rounds) + [f"--only {given.only}"] * bool(given.only)
    document = {"run": {"command": " ".join(["bench/run", *words]), "rounds": chosen.rounds, "pinned": given.pinned},
                "machine": machine.facts(), "responders": [], "generator": [], "fast_path": {}, "attacks": {},
                "lookups": {},
                "streams": {}, "discovery": {}, "protocol": {}, "scrape": {}, "watch": {}, "replay": {}, "engine": {},
                "micro": []}
    if given.pinned:
        running.pin_responders()
    with Lab() as lab:
        places = Places(lab, chosen.fast_path.addresses, chosen.settle_ms)
        document["responders"] = measure.responders(places, chosen, given.wanted, say)
        if "generator" in given.wanted:
            document["generator"] = generator.alone(places, chosen, say)
        if "fast_path" in given.wanted:
            document["fast_path"] = fast_path.run(places, chosen, say)
        if "attacks" in given.wanted:
            document["attacks"] = attacks.run(places, chosen.attacks, say)
        if "lookups" in given.wanted:
            document["lookups"] = lookups.run(places, chosen, say)
        for kind in streams.ARGUMENTS:
            if kind in given.wanted:
                document["streams"][kind] = streams.compare(places, chosen, kind, say)
        if "discovery" in given.wanted:
            document["discovery"] = discovery.run(lab, chosen.discovery, say)
        if "protocol" in given.wanted:
            document["protocol"] = protocol.run(lab, places, chosen.protocol, say)
        if "scrape" in given.wanted:
            document["scrape"] = scrape.run(places, chosen, say)
        if "watch" in given.wanted:
            document["watch"] = watch.run(places, chosen, say)
    if "replay" in given.wanted:
        document["replay"] = replay.run(chosen, say)
    if "engine" in given.wanted:
        document["engine"] = engine.run(chosen)
        say(f"engine: {len(document['engine']['rounds'])} rounds")
    if "micro" in given.wanted:
        document["micro"] = micro.run(chosen)
        say(f"micro: {len(document['micro'])} verdicts and headers")
    document["targets"] = targets.all_of(document)
    return document


def write(document: dict, folder: Path, docs: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    (folder / "report.md").write_text(report.markdown(document), encoding="utf-8")
    plots.draw(document["responders"], folder)
    if docs:
        (DOCS / "performance.md").write_text(report.markdown(document, "performance-"), encoding="utf-8")
        plots.draw(document["responders"], DOCS, "performance-", ("svg",))


def main() -> int:
    given = arguments()
    if os.geteuid() != 0:
        print("bench/run: network namespaces and BPF programs need root", file=sys.stderr)
        return 1
    if not given.render and os.cpu_count() < 2:
        print("bench/run: needs two CPUs, one for the generator and one for who answers", file=sys.stderr)
        return 1
    started = time.monotonic()
    if given.render:
        document = json.loads((given.output / "results.json").read_text(encoding="utf-8"))
        document["targets"] = targets.all_of(document)
    else:
        build = [ROOT / "tools" / "build", build_dir(), "-Dbench=true", "-Ddpdk=enabled"]
        if subprocess.run(build, check=False).returncode != 0:
            return 1
        document = measured(given, settings_of(given))
    write(document, given.output, given.docs)
    if not given.smoke:
        say(f"\n{report.targets(document)}\n")
    say(f"{given.output}/report.md ({time.monotonic() - started:.0f} s)")
    failed = [one for one in document["responders"] if one["failed"]]
    for one in failed:
        print(f"bench/run: {one['name']}: {one['failed']}", file=sys.stderr)
    others = [one for kind in ("fast_path", "attacks") for one in document.get(kind, {}).get("failed", ())]
    for one in others:
        print(f"bench/run: {one}", file=sys.stderr)
    if failed or others:
        return 1
    return 1 if targets.missed(document["targets"]) and not (given.quick or given.smoke) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CommandError as error:
        print(f"bench/run: {error}", file=sys.stderr)
        sys.exit(1)
