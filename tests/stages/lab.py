# SPDX-License-Identifier: Apache-2.0
"""The lab tests, which pytest runs (tests/lab)."""
import subprocess
import sys
from xml.etree import ElementTree

from . import junit
from .results import ROOT, Run

TIMEOUT_SECONDS = 2400
NONE_CHOSEN = 5  # pytest's exit code


def lab(run: Run) -> None:
    # The tests of a runtime that can't be installed are skipped, with the reason; so are those of Prometheus.
    for group in ("runtimes", "metrics"):
        subprocess.run([str(ROOT / "tools" / "deps"), group], stdin=subprocess.DEVNULL, check=False)
    report = run.scratch_file("lab.xml")
    report.unlink(missing_ok=True)
    argv = [ROOT / "tests" / "lab" / "run.py", f"--junitxml={report}", *([run.pattern] if run.pattern else [])]
    sys.stdout.flush()
    process = subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL)
    try:
        process.wait(TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        run.failed("lab", f"stopped after {TIMEOUT_SECONDS} s")
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    try:
        results = junit.results(report.read_text(encoding="utf-8"))
    except (OSError, ElementTree.ParseError) as error:
        run.failed("lab", f"tests/lab/run.py: exit code {process.returncode}, no results: {error}")
        return
    for outcome, _, _ in results.values():
        run.count[outcome] += 1  # the runner has printed what is to be said
    failed = any(outcome == "failed" for outcome, _, _ in results.values())
    if process.returncode not in (0, NONE_CHOSEN) and not failed:
        run.failed("lab", f"tests/lab/run.py: exit code {process.returncode}")
