#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
tests/lab/run.py [--jobs N] [--json FILE] [--list] [PATTERN…]: runs the lab tests, each in a process and a lab of its
own. PATTERN is a part of a test's name or file. What this machine's kernel cannot do runs in a virtual machine.
"""
import argparse
import ctypes
import importlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import common  # noqa: E402
import guest  # noqa: E402

PASSED, FAILED, SKIPPED = 0, 1, 77
GRACE_SECONDS = 20
PR_SET_PDEATHSIG = 1
KEEP = bool(os.environ.get("ARPLINE_LAB_KEEP"))  # leave the labs standing, to look at


def discover(patterns):
    found = []
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(path.stem)
        names = [name for name in vars(module) if name.startswith("test_")]
        for name in names:
            getattr(module, name).needs = getattr(module, "NEEDS", None)
        found += [(f"{path.stem[5:]}.{name[5:]}", getattr(module, name)) for name in names]
    return [one for one in found if not patterns or any(pattern in one[0] for pattern in patterns)]


def run_here(function):
    """In the test's own process; never returns."""
    code = FAILED
    try:
        function()
        code = PASSED
    except common.Skip as reason:
        print(reason)
        code = SKIPPED
    except SystemExit as ended:
        print(f"ended by {ended}")
    except BaseException:  # whatever it is, it is the test's result
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class Running:
    def __init__(self, name, function):
        self.name, self.function, self.timed_out = name, function, False
        self.output = tempfile.TemporaryFile(mode="w+b")
        self.started = time.monotonic()
        self.timeout = getattr(function, "timeout", 60) * max(1.0, common.PATIENCE / 2)
        self.deadline = self.started + self.timeout
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os.dup2(self.output.fileno(), 1)
            os.dup2(self.output.fileno(), 2)
            run_here(function)

    def poll(self):
        """None, or the result."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            if time.monotonic() > self.deadline:
                os.kill(self.pid, signal.SIGKILL if self.timed_out else signal.SIGTERM)
                self.timed_out, self.deadline = True, time.monotonic() + GRACE_SECONDS
            return None
        self.output.seek(0)
        text = self.output.read().decode(errors="replace").strip()
        code = os.waitstatus_to_exitcode(status)
        left = [lab for lab in common.teardown.stale_labs() if lab.startswith(f"{self.pid:x}-")]
        if left and not KEEP:
            for lab in left:
                common.teardown.remove(lab)
            code, text = FAILED, f"{text}\nleft namespaces behind: {', '.join(left)}".strip()
        if self.timed_out:
            code, text = FAILED, f"{text}\nstill running after {self.timeout} s".strip()
        return {"name": self.name, "seconds": round(time.monotonic() - self.started, 1), "text": text,
                "result": {PASSED: "passed", SKIPPED: "skipped"}.get(code, "failed")}


def report(result):
    word = {"passed": "ok  ", "failed": "FAIL", "skipped": "SKIP"}[result["result"]]
    print(f"{word} {result['name']} ({result['seconds']} s)", flush=True)
    if result["text"] and (KEEP or result["result"] != "passed"):
        print("     " + result["text"].replace("\n", "\n     "), flush=True)


class Elsewhere:
    """The tests for the virtual machine: beside those that may run together, with what those leave of the CPUs."""

    def __init__(self, tests):
        self.tests, self.output, self.pid = tests, tempfile.TemporaryFile(mode="w+b"), None
        if not tests:
            return
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            os.nice(10)
            try:
                self.output.write(json.dumps(guest.run(tests)).encode())
                self.output.flush()
            except BaseException:  # whatever it is, the tests have no result
                traceback.print_exc()
            sys.stdout.flush()
            os._exit(0)

    def results(self):
        if self.pid is None:
            return []
        os.waitpid(self.pid, 0)
        self.pid = None
        self.output.seek(0)
        text = self.output.read()
        results = json.loads(text) if text else guest.results_for([name for name, _ in self.tests], "failed", "no result")
        for one in results:
            report(one)
        return results

    def end(self):
        if self.pid is not None:
            os.kill(self.pid, signal.SIGTERM)
            os.waitpid(self.pid, 0)


def run_all(tests, jobs, elsewhere):
    """Those that may run together first, then the others one by one."""
    results, running = [], []
    away = Elsewhere(elsewhere)
    try:
        for alone, width in ((False, jobs), (True, 1)):
            if alone:
                results += away.results()
            waiting = [one for one in tests if getattr(one[1], "alone", False) == alone]
            while waiting or running:
                while waiting and len(running) < width:
                    running.append(Running(*waiting.pop(0)))
                for one in list(running):
                    if result := one.poll():
                        running.remove(one)
                        results.append(result)
                        report(result)
                time.sleep(0.05)
    finally:
        away.end()
        for one in running:
            os.kill(one.pid, signal.SIGTERM)
            os.waitpid(one.pid, 0)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--json")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("pattern", nargs="*")
    arguments = parser.parse_args()
    tests = discover(arguments.pattern)
    if arguments.list:
        print("\n".join(name for name, _ in tests))
        return 0
    if os.geteuid() != 0:
        print("tests/lab/run.py: network namespaces need root", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    here, elsewhere = guest.split(tests)
    results = run_all(here, arguments.jobs, elsewhere)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(results), encoding="utf-8")
    count = {word: sum(one["result"] == word for one in results) for word in ("passed", "failed", "skipped")}
    print(", ".join(f"{number} {word}" for word, number in count.items()))
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
