# SPDX-License-Identifier: Apache-2.0
"""The compiled tests: finds them by folder and counts Google Test's cases."""
import json
import os
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .results import BUILD, ROOT, Run, execute

SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:halt_on_error=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}
# Optimising sanitized code takes minutes; line numbers are enough debug information.
SANITIZER_OPTIONS = ("-Ddpdk=enabled", "-Db_lundef=false", "-Doptimization=0", "-Dcpp_args=-g1")
FUZZ_SECONDS = 10
BUILD_SECONDS = 1800  # with a build beside it that has only the CPU time that others leave
BUILDS = {
    "build-asan": ("-Db_sanitize=address,undefined", *SANITIZER_OPTIONS, "--",
                   "tests/unit", "tests/sim", "tests/threads", "tests/packet", "tests/parity"),
    "build-tsan": ("-Db_sanitize=thread", *SANITIZER_OPTIONS, "--", "tests/threads"),
    "build-fuzz": ("-Dfuzzers=true", "-Dtests=false", "-Ddpdk=disabled", "-Db_sanitize=address,undefined",
                   "-Db_lundef=false", "-Doptimization=1",
                   "-Dcpp_args=-fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined -g1", "--", "tests/fuzz"),
}
COMPILERS = {"build-fuzz": {"CC": "clang", "CXX": "clang++"}}


def executables(folder: Path) -> list[Path]:
    """The programs of a folder, without its folders and scripts."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in found if path.is_file() and os.access(path, os.X_OK) and path.suffix == ""]


def gtest(run: Run, program: Path, timeout=300, environment=None, arguments=()) -> str:
    """Runs one program and counts each of its cases. Returns its output."""
    name = f"{program.parent.parent.parent.name}/{program.parent.name}/{program.name}"
    report = run.scratch_file(f"{program.name}.json")
    report.unlink(missing_ok=True)
    argv = [program, f"--gtest_output=json:{report}", "--gtest_brief=1", *arguments]
    if run.pattern and run.pattern not in name:
        argv.append(f"--gtest_filter=*{run.pattern}*")
    code, text = execute(argv, timeout, env={**os.environ, **(environment or {})})
    failed = count_cases(run, name, report)
    if code != 0 and not failed:
        why = f"stopped after {timeout} s" if code is None else f"exit code {code}"
        run.failed(name, f"{text[-6000:]}\n{why}")
    return text


def count_cases(run: Run, name: str, report: Path) -> int:
    """Adds the cases to the counts; returns how many failed."""
    if not report.exists():
        return 0
    before = run.count["failed"]
    for suite in json.loads(report.read_text(encoding="utf-8")).get("testsuites", []):
        for case in suite["testsuite"]:
            full = f"{name} {suite['name']}.{case['name']}"
            if case["status"] == "NOTRUN":
                continue  # filtered out, or disabled
            if case["result"] == "SKIPPED":
                run.skipped(full, next((one["message"].strip() for one in case.get("skipped", [])), "no reason given"))
            elif case.get("failures"):
                run.failed(full, "\n".join(one["failure"] for one in case["failures"]))
            else:
                run.passed()
    return run.count["failed"] - before


def build_quietly(directory: str, seconds: int | None = None):
    """Returns the same as execute()."""
    return execute(["tools/build", directory, *BUILDS[directory]], seconds,
                   env={**os.environ, **COMPILERS.get(directory, {})})


def build(run: Run, directory: str) -> bool:
    """A failing build counts as a failed check."""
    code, text = build_quietly(directory, BUILD_SECONDS)
    if code != 0:
        run.failed(f"build {directory}", text[-6000:])
    return code == 0


def build_ahead(stages: list[str]) -> None:
    """Builds the programs of these stages. Each stage checks the result and waits for a build that still runs."""
    for directory in BUILDS:
        if directory.removeprefix("build-") in stages:
            build_quietly(directory)


def every(run: Run, directory: Path, kind: str, environment=None, timeout=300) -> None:
    found = executables(directory / "tests" / kind)
    if not found:
        run.failed(f"{directory.name}/tests/{kind}", "there is no test program here")
    for program in found:
        gtest(run, program, timeout, environment)


def unit(run: Run) -> None:
    for kind in ("unit", "threads"):
        every(run, BUILD, kind)


def sim(run: Run) -> None:
    """The same seeds each time; with --seeds random ones, whose scenarios are printed."""
    if run.seeds is None:
        every(run, BUILD, "sim")
        return
    first = random.randrange(1, 1 << 48)
    print(f"seeds from {first}: tests/sim/sim_tests --from {first} --seeds {run.seeds}", flush=True)
    print(gtest(run, BUILD / "tests" / "sim" / "sim_tests", 300 + run.seeds // 50,
                arguments=("--from", first, "--seeds", run.seeds)), end="", flush=True)


def packet(run: Run) -> None:
    for kind in ("packet", "parity"):
        every(run, BUILD, kind)


def asan(run: Run) -> None:
    if build(run, "build-asan"):
        for kind in ("unit", "sim", "threads", "packet", "parity"):
            every(run, ROOT / "build-asan", kind, SANITIZER_ENVIRONMENT, 600)


def tsan(run: Run) -> None:
    if build(run, "build-tsan"):
        every(run, ROOT / "build-tsan", "threads", SANITIZER_ENVIRONMENT, 600)


def fuzz(run: Run) -> None:
    """Some seconds each, all at once; with --fuzz MINUTES that long in all, as many at once as there are CPUs."""
    if not build(run, "build-fuzz"):
        return
    programs = executables(ROOT / "build-fuzz" / "tests" / "fuzz")
    if not programs:
        run.failed("build-fuzz/tests/fuzz", "there is no fuzzer here")
    at_once, seconds = len(programs), FUZZ_SECONDS
    if run.fuzz_minutes is not None:
        at_once = os.cpu_count()
        seconds = max(1, int(60 * run.fuzz_minutes * min(at_once, len(programs)) / len(programs)))
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda program: run_fuzzer(run, program, seconds), programs))


def run_fuzzer(run: Run, program: Path, seconds: int) -> None:
    """Failing inputs stay in build-fuzz/found."""
    name = f"fuzz/{program.name}"
    if not run.wanted(name):
        return
    found = ROOT / "build-fuzz" / "found"
    found.mkdir(exist_ok=True)
    corpus, seeds = run.scratch_file(f"{program.name}.corpus"), run.scratch_file(f"{program.name}.seeds")
    corpus.mkdir(exist_ok=True)
    code, text = execute([program], 300, env={**os.environ, "ARPLINE_FUZZ_SEEDS": str(seeds)})
    if code != 0:
        run.failed(name, f"it does not write its seeds: {text[-2000:]}")
        return
    seed = run.fuzz_seed or random.randrange(1, 1 << 31)
    if run.fuzz_minutes is not None:
        print(f"{name}: {seconds} s from seed {seed}", flush=True)
    # The long time-out still finds an endless loop, but not an input that is slow because the CPUs are shared.
    run.check(name, [program, f"-seed={seed}", f"-max_total_time={seconds}", "-timeout=120", "-report_slow_units=120",
                     "-rss_limit_mb=2048", "-len_control=20", f"-artifact_prefix={found}/{program.name}-", corpus,
                     seeds],
              timeout=seconds + 300, env={**os.environ, "ARPLINE_FUZZ_COMPLETE": "1"})
