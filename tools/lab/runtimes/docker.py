# SPDX-License-Identifier: Apache-2.0
"""Docker, with a containerd and a dockerd of the lab's own."""
import json
import os
import subprocess
import time

from .. import leftovers, sh
from . import base
from .base import Container, Unavailable

READY_SECONDS = 20
# Without cri and with folders of its own it does not interfere with the machine's containerd.
CONTAINERD = """\
version = 2
root = "{folder}/containerd"
state = "{folder}/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{folder}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"
"""
# The lab makes the network; vfs needs no mount and works on every file system.
DOCKERD = ("--iptables=false", "--ip6tables=false", "--bridge=none", "--ip-forward=false", "--ip-masq=false",
           "--userland-proxy=false", "--storage-driver=vfs", "--exec-opt=native.cgroupdriver=cgroupfs")


class Docker:
    """Raises Unavailable when Docker is not installed or does not start."""

    def __init__(self, host):
        self.host = host
        self.folder = host.lab.folder / f"docker-{host.label}"
        self.folder.mkdir()
        self._command_line = base.program("docker", "docker.io")
        self._dockerd = base.program("dockerd", "docker.io")
        image = base.busybox_image(self.folder)
        config = self.folder / "containerd.toml"
        config.write_text(CONTAINERD.format(folder=self.folder), encoding="utf-8")
        self.containerd = self._spawn("containerd", base.program("containerd", "containerd"), "--config", config)
        self.dockerd = None
        host.lab.closing(self)
        self.start()
        self.run("import", image, "busybox")

    def _spawn(self, name, *argv) -> subprocess.Popen:
        with open(self.folder / f"{name}.log", "ab") as log:
            return self.host.ns.spawn(*argv, stdout=log, stderr=subprocess.STDOUT,
                                      env={**os.environ, "PATH": base.SEARCH_PATH})

    def start(self) -> None:
        """Starts dockerd and waits until it answers."""
        self.dockerd = self._spawn(
            "dockerd", self._dockerd, *DOCKERD, f"--containerd={self.folder}/containerd.sock",
            f"--data-root={self.folder}/data", f"--exec-root={self.folder}/exec",
            f"--pidfile={self.folder}/dockerd.pid", f"--host=unix://{self.folder}/docker.sock",
            f"--cgroup-parent={leftovers.cgroup_of(self.host.lab.id)}", f"--config-file={self._no_config()}")
        end = time.monotonic() + READY_SECONDS
        while self.run("version", check=False).returncode != 0:
            if self.dockerd.poll() is not None or self.containerd.poll() is not None or time.monotonic() > end:
                log = (self.folder / "dockerd.log").read_text(encoding="utf-8", errors="replace")
                raise Unavailable(f"dockerd does not start here: {log.strip().splitlines()[-1:]}")
            time.sleep(0.05)

    def _no_config(self) -> str:
        """Keeps dockerd from reading the machine's configuration."""
        path = self.folder / "daemon.json"
        path.write_text("{}", encoding="utf-8")
        return str(path)

    def kill9(self) -> None:
        """Kills dockerd alone: containerd and the containers go on."""
        self.dockerd.kill()
        self.dockerd.wait()

    def close(self) -> None:
        for process in (self.dockerd, self.containerd) if not self.host.lab.keep else ():
            if process:
                base.end(process)

    def run(self, *argv, **options) -> subprocess.CompletedProcess:
        """Runs the docker command line with this dockerd."""
        return sh.run(self._command_line, "--host", f"unix://{self.folder}/docker.sock", *argv, **options)

    def inspect(self, name: str) -> dict:
        return json.loads(self.run("inspect", name).stdout)[0]

    def network(self, name="lan", parent=None, subnet="10.77.0.0/16") -> str:
        self.run("network", "create", "-d", "macvlan", "--subnet", subnet, "-o",
                 f"parent={parent or self.host.nic}", name)
        return name

    def container(self, name: str, address: str, *options, network="lan") -> Container:
        # The container's sleep is process 1, which ignores the other signals.
        self.run("run", "-d", "--name", name, "--network", network, "--ip", address, "--stop-signal", "KILL",
                 *options, "busybox", "/bin/busybox", "sleep", base.LIFE_SECONDS)
        return Container(self, name, address)
