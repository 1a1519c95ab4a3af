# SPDX-License-Identifier: Apache-2.0
"""Counts the checks: each is passed, failed or skipped; failures and skips are printed."""
import os
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The lab tests use this build too; the sanitizers and the fuzzers have their own.
BUILD = (ROOT / os.environ.get("ARPLINE_BUILD", "build")).resolve()


class Run:
    def __init__(self, pattern=None, everything=False, in_ci=False, seeds=None, fuzz_minutes=None, fuzz_seed=None):
        self.pattern, self.everything, self.in_ci, self.seeds = pattern, everything, in_ci, seeds
        self.fuzz_minutes, self.fuzz_seed = fuzz_minutes, fuzz_seed
        self.count = Counter()
        self.scratch = tempfile.TemporaryDirectory(prefix="arpline-tests-")

    def scratch_file(self, name: str) -> Path:
        return Path(self.scratch.name) / name

    def wanted(self, name: str) -> bool:
        return not self.pattern or self.pattern in name

    def passed(self, number=1) -> None:
        self.count["passed"] += number

    def failed(self, name: str, text: str = "") -> None:
        self.count["failed"] += 1
        print(f"FAIL {name}" + ("\n     " + text.strip().replace("\n", "\n     ") if text.strip() else ""), flush=True)

    def skipped(self, name: str, reason: str) -> None:
        self.count["skipped"] += 1
        print(f"SKIP {name}: {reason}", flush=True)

    def check(self, name: str, argv, timeout=600, **options) -> bool:
        """Runs one command as one check; prints its output only when it fails."""
        if not self.wanted(name):
            return True
        code, text = execute(argv, timeout, **options)
        if code == 0:
            self.passed()
        else:
            self.failed(name, text[-6000:] + ("" if code is not None else f"\nstopped after {timeout} s"))
        return code == 0

    def summary(self) -> str:
        return ", ".join(f"{self.count[word]} {word}" for word in ("passed", "failed", "skipped"))


def execute(argv, timeout, **options):
    """(exit code, output); the exit code is None after a timeout."""
    try:
        done = subprocess.run([str(word) for word in argv], cwd=options.pop("cwd", ROOT), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False,
                              **options)
        return done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as ended:
        return None, (ended.stdout or b"").decode(errors="replace")


class Stage:
    """Prints a stage's name, counts and duration."""

    def __init__(self, run: Run, name: str):
        self.run, self.name = run, name

    def __enter__(self):
        self.started, self.before = time.monotonic(), Counter(self.run.count)
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and issubclass(kind, Exception):
            self.run.failed(self.name, f"{kind.__name__}: {error}")
        counts = ", ".join(f"{self.run.count[word] - self.before[word]} {word}"
                           for word in ("passed", "failed", "skipped") if self.run.count[word] > self.before[word])
        print(f"{self.name}: {counts or 'nothing to run'} ({time.monotonic() - self.started:.0f} s)", flush=True)
        return kind is not None and issubclass(kind, Exception)
