# SPDX-License-Identifier: Apache-2.0
"""
A temporary copy of this machine with a real systemd, on the network of a lab's host.

Its root is an overlay over this machine's; mounts, processes, cgroups, /run and bpffs are its own and vanish with it.

    machine = Machine(lab, host, before_boot="dpkg -i /mnt/arpline.deb", files=[package])
    machine.run("systemctl", "start", "arplined")
"""
import contextlib
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from . import sh

CGROUP_NAME = re.compile(r"arpl-([0-9a-f]+)-[0-9a-f]{6}-machine")
PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
NAMESPACES = ("--mount", "--pid", "--uts", "--ipc", "--cgroup", "--net")


def cgroup_root() -> Path | None:
    """The mount point of a writable cgroup2 hierarchy."""
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, folder, kind, flags = line.split()[:4]
        if kind == "cgroup2" and "rw" in flags.split(",") and os.access(folder, os.W_OK):
            return Path(folder)
    return None


def missing() -> str:
    """The reason why such a machine can't run here; empty when it can."""
    if not os.path.exists("/lib/systemd/systemd"):
        return "systemd is not installed: tools/deps package"
    if "overlay" not in Path("/proc/filesystems").read_text(encoding="ascii").split():
        return "this kernel has no overlay file system"
    return "" if cgroup_root() else "no cgroup2 hierarchy is mounted that can be written to"


def remove_cgroup(folder: Path) -> None:
    for path, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):  # its last process may need a moment to end
            os.rmdir(path)


def child_of(pid: int) -> int | None:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(entry.read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()[1]) == pid:
                return int(entry.parent.name)
    return None


class Machine:
    def __init__(self, lab, host, before_boot="", files=()):
        """files: copied to its /mnt. before_boot: a shell command to run before systemd starts."""
        self.host = host
        self._pid = None
        self.folder = lab.folder / f"machine-{host.label}"
        self.shared = self.folder / "shared"
        self.shared.mkdir(parents=True)
        self.console = self.folder / "console"
        self.console.touch()
        for file in files:
            shutil.copy(file, self.shared)
        for left in cgroup_root().glob("arpl-*-machine"):
            if (name := CGROUP_NAME.fullmatch(left.name)) and not os.path.exists(f"/proc/{int(name[1], 16)}"):
                remove_cgroup(left)
        self._cgroup = cgroup_root() / f"arpl-{lab.id}-machine"
        self._cgroup.mkdir()
        self.process = self._boot(before_boot)
        lab.closing(self)

    def _boot(self, before_boot: str) -> subprocess.Popen:
        # unshare enters the cgroup first, which so becomes the root of the machine's cgroup namespace.
        inside = ('echo 0 >"$1/cgroup.procs" && exec unshare --mount --pid --fork --kill-child --uts --ipc --cgroup '
                  '"$2" "$3" "$4"')
        with open(self.console, "ab") as log:
            return self.host.ns.spawn("sh", "-c", inside, "sh", self._cgroup, Path(__file__).parent / "machine_init",
                                      self.folder, before_boot, stdout=log, stderr=log)

    def wait_booted(self, seconds=30.0) -> str:
        """Waits until systemd has started its units; returns its state, "running" or "degraded"."""
        end = time.monotonic() + seconds * sh.PATIENCE
        state = ""
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise sh.CommandError(f"the machine has ended: {self.log.strip()[-2000:]}")
            pid = child_of(self.process.pid)
            if pid and Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() == "systemd":
                self._pid = pid
                state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
                if state in ("running", "degraded"):
                    return state
            time.sleep(0.05)
        raise sh.CommandError(f"systemd is {state or 'not there'} after {seconds} s: {self.log.strip()[-2000:]}")

    @property
    def log(self) -> str:
        return self.console.read_text(encoding="utf-8", errors="replace")

    def run(self, *argv, **options) -> subprocess.CompletedProcess:
        return sh.run("nsenter", f"--target={self._pid}", *NAMESPACES, "env", "--ignore-environment", PATH, *argv,
                      **options)

    def shell(self, command: str, **options) -> subprocess.CompletedProcess:
        return self.run("sh", "-c", command, **options)

    def write(self, path: str, text: str) -> None:
        self.run("tee", path, stdin=text)

    def property(self, unit: str, name: str) -> str:
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).stdout.strip()

    def status(self):
        """The parent's entry of the machine's `arpline status --json`, or None."""
        done = self.run("arpline", "status", "--json", "--parent", self.host.nic, check=False)
        try:
            return next(iter(json.loads(done.stdout)["parents"]), None)
        except (json.JSONDecodeError, KeyError, TypeError):
            return None

    def close(self) -> None:
        """Ends it at once, like a power failure."""
        self.process.kill()  # --kill-child kills its first process, and with that all others
        self.process.wait()
        end = time.monotonic() + 5
        while self._cgroup.exists() and time.monotonic() < end:
            remove_cgroup(self._cgroup)
            time.sleep(0.02)
