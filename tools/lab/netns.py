# SPDX-License-Identifier: Apache-2.0
"""A network namespace with a name."""
import contextlib
import ctypes
import os
import subprocess
from pathlib import Path

from . import sh

CLONE_NEWNET = 0x40000000
FOLDER = Path("/run/netns")
_libc = ctypes.CDLL(None, use_errno=True)


def _setns(fd: int) -> None:
    if _libc.setns(fd, CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"setns: {os.strerror(error)}")


@contextlib.contextmanager
def entered(path):
    """Moves the calling thread to that namespace for the block."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _setns(home)
    finally:
        os.close(home)


class Namespace:
    def __init__(self, name: str, pdeathsig: bool = True):
        self.name = name
        self.path = FOLDER / name
        self.pdeathsig = pdeathsig  # its processes get SIGKILL when the process that made it ends
        sh.run("ip", "netns", "add", name)
        self.inode = os.stat(self.path).st_ino
        # IPv6's own frames would keep a quiet container in the switch's table.
        for scope in ("all", "default"):
            if os.path.exists(f"/proc/sys/net/ipv6/conf/{scope}"):
                self.sysctl(f"net/ipv6/conf/{scope}/disable_ipv6", 1)
        self.ip("link", "set", "lo", "up")

    def entered(self):
        return entered(self.path)

    def command(self, *argv, sysfs=False) -> list[str]:
        """nsenter keeps the machine's bpffs, `ip netns exec` mounts the namespace's sysfs; neither does both."""
        argv = [str(word) for word in argv]
        if sysfs:
            return ["ip", "netns", "exec", self.name, *argv]
        return ["nsenter", f"--net={self.path}", *argv]

    def run(self, *argv, sysfs=False, **options) -> subprocess.CompletedProcess:
        return sh.run(*self.command(*argv, sysfs=sysfs), **options)

    def spawn(self, *argv, **options) -> subprocess.Popen:
        """The process ends with its maker, unless the lab is kept."""
        guard = ["setpriv", "--pdeathsig", "KILL"] if self.pdeathsig else []
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        return subprocess.Popen(guard + self.command(*argv), start_new_session=True, **options)

    def ip(self, *argv, **options) -> subprocess.CompletedProcess:
        return sh.run("ip", "-n", self.name, *argv, **options)

    def ip_batch(self, lines) -> None:
        sh.run("ip", "-n", self.name, "-batch", "-", stdin="\n".join(lines) + "\n")

    def sysctl(self, key: str, value) -> None:
        with self.entered():
            Path("/proc/sys", key).write_text(str(value), encoding="ascii")

    def sysfs_write(self, file: str, value) -> None:
        self.run("tee", file, sysfs=True, stdin=f"{value}\n")

    def delete(self) -> None:
        sh.run("ip", "netns", "del", self.name, check=False)
