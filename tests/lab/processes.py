# SPDX-License-Identifier: Apache-2.0
"""
pytest's run loop for the lab. Each test runs in a process of its own, because signal handlers, the network namespace
and a lab's resources belong to a process. Tests run several at once, then those marked `alone` one by one; those that
need features of another kernel run in a virtual machine beside the first. pytest-xdist supports neither this order nor
a process per test.
"""
import ctypes
import os
import pickle
import select
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from lab import PATIENCE, teardown

import guest

GRACE_SECONDS = 20
DEFAULT_TIMEOUT_SECONDS = 60
PR_SET_PDEATHSIG = 1
KEEP = bool(os.environ.get("ARPLINE_LAB_KEEP"))  # keep the labs for inspection


def _leave(number, _frame):
    raise SystemExit(128 + number)


def forked(work, output) -> int:
    """Runs work() in a child process that ends with this one; its result is written to `output`."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGTERM, _leave)  # a signal unwinds the test, which removes its lab
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        pickle.dump(work(), output)
        output.flush()
    except SystemExit:
        pass  # the parent has ended it
    except BaseException:  # any other exception also means that there is no result
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def read_back(output):
    """The result of work(), or None when it has none."""
    output.seek(0)
    try:
        return pickle.load(output)
    except (EOFError, pickle.UnpicklingError):
        return None


class Running:
    """A test that runs in a process of its own."""

    def __init__(self, item):
        self.item, self.timed_out = item, False
        self.output = tempfile.TemporaryFile()
        self.started = time.monotonic()
        marker = item.get_closest_marker("timeout")
        self.timeout = (marker.args[0] if marker else DEFAULT_TIMEOUT_SECONDS) * max(1.0, PATIENCE / 2)
        self.deadline = self.started + self.timeout
        self.pid = forked(self._reports, self.output)
        self.pidfd = os.pidfd_open(self.pid)

    def _reports(self):
        # Captures this test's output separately from the run's.
        capture = self.item.config.pluginmanager.getplugin("capturemanager")
        capture.stop_global_capturing()
        capture.start_global_capturing()
        try:
            reports = runtestprotocol(self.item, log=False, nextitem=None)
        finally:
            self.item.session._setupstate.teardown_exact(None)
        return [self.item.config.hook.pytest_report_to_serializable(config=self.item.config, report=one)
                for one in reports]

    def hurry(self) -> None:
        """Ends a test whose time is up: at first gently, so that it removes its lab."""
        if time.monotonic() > self.deadline:
            os.kill(self.pid, signal.SIGKILL if self.timed_out else signal.SIGTERM)
            self.timed_out, self.deadline = True, time.monotonic() + GRACE_SECONDS

    def end(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        self._remove_what_is_left()

    def _remove_what_is_left(self) -> list[str]:
        left = [lab for lab in teardown.stale_labs() if lab.startswith(f"{self.pid:x}-")] if not KEEP else []
        for lab in left:
            teardown.remove(lab)
        return left

    def reports(self) -> list:
        """Waits for the end; returns the reports of set-up, call and teardown."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.pidfd)
        config = self.item.config
        found = [config.hook.pytest_report_from_serializable(config=config, data=one)
                 for one in read_back(self.output) or ()]
        self.output.close()
        wrong = [] if found else [f"it ended without a result: {os.waitstatus_to_exitcode(status)}"]
        if left := self._remove_what_is_left():
            wrong.append(f"left namespaces behind: {', '.join(left)}")
        if self.timed_out:
            wrong.append(f"still running after {self.timeout} s")
        if not found:
            found = guest.reports_of(self.item, "failed", wrong.pop(0), time.monotonic() - self.started)
        for text in wrong:
            fail(found, text)
        return found


def refused_neighbours() -> int:
    """How often the neighbour table, which is one for all namespaces, had no room for an IPv4 neighbour."""
    head, *cpus = Path("/proc/net/stat/arp_cache").read_text(encoding="ascii").splitlines()
    column = head.split().index("table_fulls")
    return sum(int(line.split()[column], 16) for line in cpus)


def fail(reports, text) -> None:
    """Adds a failure with this text to the test's reports."""
    if any(one.failed for one in reports):
        reports[-1].sections.append(("the runner", text))
    else:
        reports[-1].outcome, reports[-1].longrepr = "failed", text


class Elsewhere:
    """The tests for the virtual machine. They run beside the parallel tests, on the CPU time that these leave."""

    def __init__(self, items):
        self.items, self.output, self.pid = items, tempfile.TemporaryFile(), None
        if items:
            print(f"{len(items)} tests need what this kernel does not have: in a virtual machine", flush=True)
            self.pid = forked(self._run, self.output)

    def _run(self):
        os.nice(10)
        return guest.run([one.lab_name for one in self.items])

    def reports(self):
        """Waits for the virtual machine and returns the reports of each test."""
        if self.pid is None:
            return
        os.waitpid(self.pid, 0)
        self.pid = None
        results = read_back(self.output) or {}
        for item in self.items:
            yield guest.reports_of(item, *results.get(item.lab_name, ("failed", "no result", 0.0)))

    def end(self) -> None:
        if self.pid is not None:
            os.kill(self.pid, signal.SIGTERM)
            os.waitpid(self.pid, 0)


class RunLoop:
    def __init__(self, jobs):
        self.jobs, self.running = jobs, []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        if session.config.option.collectonly or session.testsfailed:
            return None  # pytest reports this itself
        # Installed before anything is created that must be removed.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda which, _: pytest.exit(f"ended by signal {which}", 128 + which))
        here, away = guest.split(session.items)
        elsewhere = Elsewhere(away)
        try:
            before = refused_neighbours()
            self.run([one for one in here if not one.get_closest_marker("alone")], self.jobs)
            if refused := refused_neighbours() - before:
                print(f"the kernel's neighbour table was full {refused} times: a test that fills it is not `alone`")
            for reports in elsewhere.reports():
                log(session.items[0].ihook, reports)
            self.run([one for one in here if one.get_closest_marker("alone")], 1)
        finally:
            elsewhere.end()
            for one in self.running:
                one.end()
        return True

    def run(self, items, width) -> None:
        waiting = list(reversed(items))
        while waiting or self.running:
            while waiting and len(self.running) < width:
                self.running.append(Running(waiting.pop()))
            seconds = max(0.0, min(one.deadline for one in self.running) - time.monotonic()) + 0.01
            ready, _, _ = select.select([one.pidfd for one in self.running], [], [], seconds)
            for one in list(self.running):
                if one.pidfd in ready:
                    self.running.remove(one)
                    log(one.item.ihook, one.reports())
                    self.stop_if_asked(one.item.session)
                else:
                    one.hurry()

    @staticmethod
    def stop_if_asked(session) -> None:
        """Implements -x and --maxfail."""
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)


def log(hook, reports) -> None:
    hook.pytest_runtest_logstart(nodeid=reports[0].nodeid, location=reports[0].location)
    for one in reports:
        hook.pytest_runtest_logreport(report=one)
    hook.pytest_runtest_logfinish(nodeid=reports[0].nodeid, location=reports[0].location)
