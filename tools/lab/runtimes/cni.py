# SPDX-License-Identifier: Apache-2.0
"""The CNI macvlan plugin, called as a runtime calls it."""
import json

from . import base

FOLDER = "/usr/lib/cni"


class Cni:
    """The attachment of one namespace, given by its path. Raises Unavailable without the plugin."""
    vlan = 0

    def __init__(self, host, namespace_path, address: str, prefix_bits=16, interface="eth0"):
        self.host, self.path, self.address, self.interface = host, str(namespace_path), address, interface
        self._plugin = base.program("macvlan", "containernetworking-plugins", FOLDER)
        self._config = json.dumps({
            "cniVersion": "0.4.0", "name": f"lab-{host.lab.id}", "type": "macvlan", "master": host.nic,
            "ipam": {"type": "static", "addresses": [{"address": f"{address}/{prefix_bits}"}]}})
        self.mac = None

    def add(self) -> None:
        result = json.loads(self._call("ADD"))
        self.mac = next(one["mac"] for one in result["interfaces"] if one["name"] == self.interface)

    def delete(self) -> None:
        self._call("DEL")

    def _call(self, command: str) -> str:
        settings = {"CNI_COMMAND": command, "CNI_CONTAINERID": f"lab-{self.host.lab.id}", "CNI_NETNS": self.path,
                    "CNI_IFNAME": self.interface, "CNI_PATH": FOLDER}
        return self.host.ns.run("env", *(f"{key}={value}" for key, value in settings.items()), self._plugin,
                                stdin=self._config).stdout
