# SPDX-License-Identifier: Apache-2.0
"""Starts, pins and ends a responder."""
import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from lab import CommandError

import maps

# The parent's NAPI is on another CPU than the generator, which would wait for it otherwise.
GENERATOR_CPU = 0
NAPI_CPU = 1
responder_cpus = {GENERATOR_CPU, NAPI_CPU}


def pin_responders() -> None:
    """Responder processes share the NAPI's CPU."""
    responder_cpus.discard(GENERATOR_CPU)


def pin(pid: int) -> None:
    """Pins all threads of a process."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), responder_cpus)


def cpu_list(cpus=None) -> str:
    return ",".join(str(cpu) for cpu in sorted(cpus or responder_cpus))


def cpu_seconds(pid: int) -> float:
    """The CPU time of all threads, in nanosecond precision."""
    return sum(int((thread / "schedstat").read_text(encoding="ascii").split()[0])
               for thread in Path(f"/proc/{pid}/task").iterdir()) / 1e9


class Nothing:
    """The kernel alone."""

    def counters(self) -> dict:
        return {}

    def cpu_seconds(self) -> float:
        """The CPU time of the process and its system calls."""
        return 0.0

    def stop(self) -> None:
        pass


class Process(Nothing):
    """A program in the host's namespace or another one; it counts as running after its first output."""

    def __init__(self, host, argv, says: str, ns=None, env=None, patience=20.0,
                 cpus=None):
        self.log_path = host.lab.folder / f"{Path(argv[0]).name}-{time.monotonic_ns()}.log"
        with open(self.log_path, "wb") as log:
            self.process = (ns or host.ns).spawn("taskset", "-c", cpu_list(cpus), *argv, stdin=subprocess.PIPE,
                                                 stdout=log, stderr=subprocess.STDOUT,
                                                 env={**os.environ, **(env or {})})
        end = time.monotonic() + patience
        while says not in self.log:
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise CommandError(f"{' '.join(map(str, argv))}: did not start: {self.log.strip()[-500:]}")
            time.sleep(0.02)

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def report(self, patience=5.0) -> dict:
        """The counters of a limit program."""
        lines = len(self.log.splitlines())
        self.process.send_signal(signal.SIGUSR1)
        end = time.monotonic() + patience
        while len(said := self.log.splitlines()) == lines:
            if time.monotonic() > end:
                raise CommandError(f"{self.log_path.name}: no counters after {patience} s")
            time.sleep(0.02)
        return json.loads(said[-1])

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid)

    def stop(self, seconds=10.0) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Arplined(Nothing):
    """The daemon, with all its threads on the responders' CPUs."""

    def __init__(self, host, config=None):
        self.host = host
        self.daemon = self._start(config or {})
        pin(self.daemon.pid)

    def _start(self, config: dict):
        return self.host.start_arplined(config)

    def counters(self) -> dict:
        """The verdicts of both stages; `answered` is the engine's part, which came through the ring."""
        return maps.verdicts(self.host)

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.daemon.pid)

    def stop(self) -> None:
        code = self.daemon.stop()
        if code != 0:
            raise CommandError(f"arplined ended with exit code {code}: {self.daemon.log.strip()[-500:]}")


def without_fast_path(host) -> Arplined:
    """Without the fast path: RING while there is credit, TO_CHILD beyond it."""
    return Arplined(host, {"parent": {host.nic: {"fast_path": False}}})


def over_ethdev(host) -> Arplined:
    """Without the fast path, and with the worker on DPDK's net_af_xdp."""
    return Arplined(host, {"parent": {host.nic: {"fast_path": False, "port": "ethdev"}}})
