# SPDX-License-Identifier: Apache-2.0
"""Runs commands and finds the project's binaries."""
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# A factor for all timeouts: the CPUs may be shared, and an emulated machine is slow. A longer timeout costs time only
# when something fails.
PATIENCE = float(os.environ.get("ARPLINE_LAB_PATIENCE", "3"))


class CommandError(RuntimeError):
    """A command has failed; the text has the command and its output."""


def build_dir() -> Path:
    return Path(os.environ.get("ARPLINE_BUILD", ROOT / "build")).resolve()


def arplined() -> str:
    return str(build_dir() / "engine" / "arplined")


def arplined_dpdk() -> str:
    return str(build_dir() / "engine" / "arplined-dpdk")


def arpline() -> str:
    return str(build_dir() / "tools" / "arpline" / "arpline")


def arpgen() -> str:
    return str(build_dir() / "tools" / "arpgen" / "arpgen")


def exporter() -> str:
    return str(build_dir() / "tools" / "exporter" / "arpline-exporter")


def cpu_seconds(pid: int) -> float:
    """The CPU time of all threads of a process."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9


def run(*argv, check=True, timeout=30, stdin=None) -> subprocess.CompletedProcess:
    argv = [str(word) for word in argv]
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True,
                          timeout=timeout * max(1.0, PATIENCE / 2),
                          stdin=None if stdin is not None else subprocess.DEVNULL)
    if check and done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise CommandError(f"{' '.join(argv)}: exit code {done.returncode}: {said}")
    return done
