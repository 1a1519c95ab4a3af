# SPDX-License-Identifier: Apache-2.0
"""Helpers for all runtimes."""
import os
import shutil
import signal
import subprocess
import tarfile
from pathlib import Path

from .. import sh

# The distribution's folders first: a daemon and a command line from different places may be incompatible.
SEARCH_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
LIFE_SECONDS = 600  # limits the life of containers whose lab was not removed


class Unavailable(RuntimeError):
    """The runtime is not installed or does not start here; the text names it and the reason."""


def program(name: str, package: str, path=SEARCH_PATH) -> str:
    """The path of a program; raises Unavailable when it is not installed."""
    if found := shutil.which(name, path=path):
        return found
    raise Unavailable(f"{name} is not installed; tools/deps runtimes, or apt-get install {package}")


def busybox_image(folder: Path) -> Path:
    """Makes a tar archive of a root file system that has busybox only."""
    path = folder / "image.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(os.path.realpath(program("busybox", "busybox-static")), "bin/busybox")
    return path


def end(process: subprocess.Popen, seconds=8.0) -> None:
    """SIGTERM first, SIGKILL after `seconds`, as a service manager does."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Container:
    """A container with one address on the lab's network. Its properties are read from the runtime each time."""
    vlan = 0

    def __init__(self, runtime, name: str, address: str):
        self.runtime, self.name, self.address = runtime, name, address

    @property
    def id(self) -> str:
        return self.runtime.inspect(self.name)["Id"]

    @property
    def pid(self) -> int:
        return self.runtime.inspect(self.name)["State"]["Pid"]

    @property
    def sandbox(self) -> str:
        """The path of its namespace file."""
        return self.runtime.inspect(self.name)["NetworkSettings"]["SandboxKey"]

    @property
    def netns_path(self) -> str:
        return f"/proc/{self.pid}/ns/net"

    @property
    def mac(self) -> str:
        """The MAC of the interface with the address, read from the container's kernel."""
        shown = sh.run("nsenter", f"--net={self.netns_path}", "ip", "-br", "-4", "addr").stdout
        interface = next(line.split()[0] for line in shown.splitlines() if f" {self.address}/" in line)
        links = sh.run("nsenter", f"--net={self.netns_path}", "ip", "-br", "link").stdout
        return next(line.split()[2] for line in links.splitlines() if line.split()[0] == interface)

    def stop(self) -> None:
        self.runtime.run("stop", "-t", "0", self.name)

    def start(self) -> None:
        self.runtime.run("start", self.name)

    def restart(self) -> None:
        self.runtime.run("restart", "-t", "0", self.name)

    def pause(self) -> None:
        self.runtime.run("pause", self.name)

    def unpause(self) -> None:
        self.runtime.run("unpause", self.name)

    def remove(self) -> None:
        self.runtime.run("rm", "-f", self.name)
