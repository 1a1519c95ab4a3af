# SPDX-License-Identifier: Apache-2.0
"""Podman with either of its network backends."""
import json
import subprocess

from .. import leftovers, sh
from . import base
from .base import Container, Unavailable

CNI_FOLDER = "/usr/lib/cni"
# Limits, locks and logs that work where root lacks capabilities and where another Podman may run.
CONFIG = """\
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
lock_type = "file"
[network]
network_backend = "{backend}"
cni_plugin_dirs = ["{cni}"]
"""


class Podman:
    """backend: netavark or cni. Raises Unavailable when it is not installed or does not work."""

    def __init__(self, host, backend: str):
        self.host, self.backend = host, backend
        self.folder = host.lab.folder / f"podman-{host.label}"
        self._program = base.program("podman", "podman")
        base.program("runc", "runc")
        if backend == "cni":
            base.program("macvlan", "containernetworking-plugins", CNI_FOLDER)
        else:
            base.program("netavark", "netavark", "/usr/lib/podman:/usr/libexec/podman")
        for name in ("networks", "addresses"):
            (self.folder / name).mkdir(parents=True)
        self._config = self.folder / "containers.conf"
        self._config.write_text(CONFIG.format(backend=backend, cni=CNI_FOLDER), encoding="utf-8")
        host.lab.closing(self)
        try:
            self.run("import", base.busybox_image(self.folder), "busybox")
        except sh.CommandError as error:
            raise Unavailable(f"podman does not work here: {error}") from error

    def run(self, *argv, **options) -> subprocess.CompletedProcess:
        """Runs the podman command line in the host with folders of its own."""
        own = (f"--root={self.folder}/root", f"--runroot={self.folder}/run", f"--tmpdir={self.folder}/tmp",
               f"--network-config-dir={self.folder}/networks", "--storage-driver=vfs")
        return self.host.ns.run("env", f"CONTAINERS_CONF={self._config}", f"PATH={base.SEARCH_PATH}", self._program,
                                *own, *argv, **options)

    def inspect(self, name: str) -> dict:
        return json.loads(self.run("inspect", "--type", "container", name).stdout)[0]

    def network(self, name: str, subnet="10.77.0.0/16") -> str:
        """The name must be unique on the machine: the backends keep addresses and results by name in shared folders."""
        if self.backend == "cni":
            self._write_cni(name, subnet)
        else:
            self.run("network", "create", "-d", "macvlan", "-o", f"parent={self.host.nic}", "--subnet", subnet, name)
        return name

    def _write_cni(self, name, subnet) -> None:
        addresses = {"type": "host-local", "dataDir": str(self.folder / "addresses"), "ranges": [[{"subnet": subnet}]]}
        plugin = {"type": "macvlan", "master": self.host.nic, "ipam": addresses, "capabilities": {"ips": True}}
        path = self.folder / "networks" / f"{name}.conflist"
        path.write_text(json.dumps({"cniVersion": "0.4.0", "name": name, "plugins": [plugin]}), encoding="utf-8")

    def container(self, name: str, address: str, network: str) -> Container:
        self.run("run", "-d", "--pull", "never", "--name", name, "--network", network, "--ip", address,
                 "--cgroup-parent", leftovers.cgroup_of(self.host.lab.id), "--stop-signal", "KILL", "busybox",
                 "/bin/busybox", "sleep", base.LIFE_SECONDS)
        return Container(self, name, address)

    def close(self) -> None:
        if not self.host.lab.keep:
            self.run("rm", "-f", "-a", "-t", "0", check=False)
