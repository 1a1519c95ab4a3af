# SPDX-License-Identifier: Apache-2.0
"""Runs stages that only need CPU time in a process of its own, with the CPU time that the other stages leave."""
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections import Counter

from .results import Run, Stage


class Beside:
    """Calls `prepare`, then runs `stages`, while the caller does other work; results() collects theirs."""

    def __init__(self, run: Run, prepare, stages: dict):
        self.run, self.prepare, self.stages, self.pid = run, prepare, stages, None
        self.said, self.counted = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")

    def __enter__(self):
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self._work()
        return self

    def _work(self) -> None:
        """Runs in the child process; never returns."""
        os.setpgid(0, 0)
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        os.dup2(self.said.fileno(), sys.stdout.fileno())
        self.prepare()
        own = Run(self.run.pattern, self.run.everything, self.run.in_ci)
        with own.scratch:
            for name, stage in self.stages.items():
                with Stage(own, name):
                    stage(own)
        json.dump(own.count, self.counted)
        self.counted.flush()
        sys.stdout.flush()
        os._exit(0)

    def results(self) -> None:
        """Waits for the stages and adds their results to the run's."""
        os.waitpid(self.pid, 0)
        self.pid = None
        self.said.seek(0)
        print(self.said.read(), end="", flush=True)
        self.counted.seek(0)
        text = self.counted.read()
        if text:
            self.run.count += Counter(json.loads(text))
        else:
            self.run.failed(", ".join(self.stages), "they ended without a result")

    def __exit__(self, *_):
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGTERM)
            os.waitpid(self.pid, 0)
