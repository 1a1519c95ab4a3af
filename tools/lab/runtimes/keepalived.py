# SPDX-License-Identifier: Apache-2.0
"""keepalived with use_vmac: its virtual address is on a macvlan of the host."""
import subprocess

from . import base

INTERFACE = "vrrp51"
# VRRP version 3 can advertise several times a second, so that a failover takes less than a second.
CONFIG = """\
global_defs {{
  router_id {name}
  vrrp_version 3
  vrrp_garp_master_delay 1
}}
vrrp_instance lab {{
  state BACKUP
  interface {nic}
  use_vmac {interface}
  virtual_router_id 51
  priority {priority}
  advert_int 0.2
  virtual_ipaddress {{
    {address}
  }}
}}
"""


class Keepalived:
    """The host's NIC must have an address. Raises Unavailable when keepalived is not installed."""

    mac = "00:00:5e:00:01:33"

    def __init__(self, host, address="10.77.0.50", priority=100, prefix_bits=16):
        self.host, self.address = host, address
        path = base.program("keepalived", "keepalived")
        folder = host.lab.folder / f"keepalived-{host.label}"
        folder.mkdir()
        config = folder / "keepalived.conf"
        config.write_text(CONFIG.format(name=host.label, nic=host.nic, interface=INTERFACE, priority=priority,
                                        address=f"{address}/{prefix_bits}"), encoding="utf-8")
        config.chmod(0o600)
        self.log_path = folder / "log"
        with open(self.log_path, "wb") as log:
            self.process = host.ns.spawn(path, "--dont-fork", "--log-console", "--log-detail", "--vrrp", "--use-file",
                                         config, "--pid", folder / "pid", "--vrrp_pid", folder / "vrrp.pid",
                                         stdout=log, stderr=subprocess.STDOUT)
        host.lab.closing(self)

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def is_master(self) -> bool:
        return f" {self.address}/" in self.host.ns.ip("-o", "-4", "addr", "show", check=False).stdout

    def close(self) -> None:
        """An orderly stop: removes the virtual address and its interface and notifies the other host."""
        base.end(self.process)
