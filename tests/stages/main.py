# SPDX-License-Identifier: Apache-2.0
"""
tests/run [--only STAGE[,STAGE…]] [--all] [--seeds N] [--fuzz MINUTES [--fuzz-seed N]] [--mutants N] [PATTERN]: builds
arpline and tests it. The last line counts the checks; the exit code is 0 when none failed. PATTERN is a part of a
check's name.
--seeds runs so many of the simulator, from a random one on (docs/simulator.md). --fuzz runs the fuzzers alone, for so
long in all (docs/testing.md). --mutants changes the code at N places, one at a time, and expects a
test to notice each (docs/testing.md). --all includes what takes minutes (clang-tidy); with CI=true in the environment a
twenty-fourth of that is done, another one with each commit.
"""
import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from stages import bench, binaries, lab, mutants, package, style  # noqa: E402
from stages.beside import Beside  # noqa: E402
from stages.results import BUILD, ROOT, Run, Stage  # noqa: E402

STAGES = {"style": style.style, "unit": binaries.unit, "sim": binaries.sim, "packet": binaries.packet,
          "package": package.package, "lab": lab.lab, "bench": bench.bench, "asan": binaries.asan,
          "tsan": binaries.tsan, "fuzz": binaries.fuzz, "tidy": style.tidy}
BESIDE = ("tidy",)  # neither waits nor measures


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="STAGE", help=", ".join(STAGES))
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seeds", metavar="N", type=int)
    parser.add_argument("--fuzz", metavar="MINUTES", type=float)
    parser.add_argument("--fuzz-seed", metavar="N", type=int)
    parser.add_argument("--mutants", metavar="N", type=int)
    parser.add_argument("pattern", nargs="?")
    given = parser.parse_args()
    alone = "fuzz" if given.fuzz is not None else given.only
    given.stages = alone.split(",") if alone else list(STAGES)
    if unknown := [name for name in given.stages if name not in STAGES]:
        parser.error(f"no such stage: {', '.join(unknown)}; there are: {', '.join(STAGES)}")
    return given


def main() -> int:
    given = arguments()
    if os.geteuid() != 0:
        print("tests/run: loading BPF programs and making network namespaces needs root", file=sys.stderr)
        return 1
    if given.mutants is not None:
        return mutants.main(given.mutants, given.pattern)
    started = time.monotonic()
    build = [str(ROOT / "tools" / "build"), str(BUILD), "-Dtests=true", "-Dbench=true", "-Ddpdk=enabled"]
    if given.stages != ["fuzz"] and subprocess.run(build, check=False).returncode != 0:
        print("0 passed, 1 failed, 0 skipped")
        return 1
    run = Run(given.pattern, given.all, os.environ.get("CI") == "true", given.seeds, given.fuzz, given.fuzz_seed)
    with Beside(run, lambda: binaries.build_ahead(given.stages),
                {name: STAGES[name] for name in given.stages if name in BESIDE}) as beside:
        for name in given.stages:
            if name not in BESIDE:
                with Stage(run, name):
                    STAGES[name](run)
        beside.results()
    print(f"{time.monotonic() - started:.0f} s")
    print(run.summary())
    return 1 if run.count["failed"] or not run.count["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
