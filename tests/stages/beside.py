# SPDX-License-Identifier: Apache-2.0
"""What needs nothing but CPU time, in a process of its own with what the stages leave idle."""
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections import Counter

from .results import Run, Stage


class Beside:
    """Prepares for later stages, then runs stages, by name, until they are asked for."""

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
        """The child; never returns."""
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
        """Waits; what they found counts as if they had run here."""
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
