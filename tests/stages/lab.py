# SPDX-License-Identifier: Apache-2.0
"""The lab tests, which have a runner of their own."""
import json
import subprocess
import sys

from .results import ROOT, Run

TIMEOUT_SECONDS = 2400


def lab(run: Run) -> None:
    # The tests of a runtime that can't be installed are skipped, with the reason.
    subprocess.run([str(ROOT / "tools" / "deps"), "runtimes"], stdin=subprocess.DEVNULL, check=False)
    report = run.scratch_file("lab.json")
    report.unlink(missing_ok=True)
    argv = [ROOT / "tests" / "lab" / "run.py", "--json", report, *([run.pattern] if run.pattern else [])]
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
    if not report.exists():
        run.failed("lab", f"tests/lab/run.py: exit code {process.returncode}, no results")
        return
    for result in json.loads(report.read_text(encoding="utf-8")):
        run.count[result["result"]] += 1  # the runner has printed what is to be said
