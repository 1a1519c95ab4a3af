# SPDX-License-Identifier: Apache-2.0
"""Commands, and where the project's own binaries are."""
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# By how much longer than on a machine of its own something may take that is waited for: others use the CPUs too, and an
# emulated machine is slow. What is there is there at once, so patience costs nothing unless something fails.
PATIENCE = float(os.environ.get("ARPLINE_LAB_PATIENCE", "3"))


class CommandError(RuntimeError):
    """A command that should have worked did not; the text says which and what it said."""


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


def cpu_seconds(pid: int) -> float:
    """What all threads of a process have used."""
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
