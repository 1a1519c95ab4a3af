# SPDX-License-Identifier: Apache-2.0
"""The nodes of a lab: switches, peers, hosts with a parent NIC, and their macvlan containers."""
import contextlib
import ipaddress
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from . import sh
from .daemon import Arplined, read_status
from .netns import Namespace
from .wire import Wire


@dataclass
class Pings:
    sent: int
    answered: int


def parse_ping(text: str) -> Pings:
    found = re.search(r"(\d+) packets transmitted, (\d+) received", text)
    if not found:
        raise sh.CommandError(f"ping said: {text.strip()}")
    return Pings(int(found[1]), int(found[2]))


def kernel_threads(prefix: str) -> set[int]:
    found = set()
    for comm in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):  # the process has ended meanwhile
            if comm.read_text(encoding="utf-8", errors="replace").startswith(prefix):
                found.add(int(comm.parent.name))
    return found


class Node:
    """A namespace with one interface on the wire."""

    def __init__(self, lab, label: str, nic: str):
        self.lab, self.label, self.nic = lab, label, nic
        self.ns: Namespace = lab.namespace(label)

    @property
    def mac(self) -> str:
        return self.ns.run("ip", "-br", "link", "show", "dev", self.nic).stdout.split()[2]

    def wire(self) -> Wire:
        return self.lab.closing(Wire(self.ns, self.nic))

    def address(self, address: str) -> None:
        self.ns.ip("addr", "add", address, "dev", self.nic)

    def add_vlan(self, vlan: int, address=None, mac=None) -> str:
        """Adds a VLAN interface on the NIC, up; returns its name. In the lab's veth a tag stays in the frame only after
        keep_tags() on the sending end."""
        name = f"{self.nic}.{vlan}"
        own_mac = ["address", mac] if mac else []
        self.ns.ip("link", "add", "link", self.nic, "name", name, *own_mac, "type", "vlan", "id", vlan)
        if address:
            self.ns.ip("addr", "add", address, "dev", name)
        self.ns.ip("link", "set", name, "up")
        return name

    def keep_tags(self) -> None:
        """Turns VLAN offloads off: tags are in the frames, as with a NIC that neither inserts nor strips them."""
        self.ns.run("ethtool", "-K", self.nic, "txvlan", "off", "rxvlan", "off")

    def threaded_napi(self, cpu=None) -> set[int]:
        """Runs NAPI in threads, on one CPU if given: no sender does the receiver's work. Returns the threads' pids."""
        before = kernel_threads(f"napi/{self.nic}-")
        self.ns.run("ethtool", "-K", self.nic, "gro", "on")
        self.ns.sysfs_write(f"/sys/class/net/{self.nic}/threaded", 1)
        found = kernel_threads(f"napi/{self.nic}-") - before  # other labs have threads of this name
        for pid in found if cpu is not None else ():
            os.sched_setaffinity(pid, {cpu})
        return found

    def received_packets(self) -> int:
        return json.loads(self.ns.ip("-s", "-j", "link", "show", "dev", self.nic).stdout)[0]["stats64"]["rx"]["packets"]

    def load_pass_program(self) -> None:
        self.ns.ip("link", "set", "dev", self.nic, "xdpdrv", "obj", self.lab.bpf_object("pass"), "sec", "xdp.frags")

    def unload_program(self) -> None:
        self.ns.ip("link", "set", "dev", self.nic, "xdp", "off")


class Peer(Node):
    """Another station on the network."""

    def ping(self, address: str, count=3, interval=0.2, wait=1) -> Pings:
        return parse_ping(self.ns.run("ping", "-n", "-q", "-i", interval, "-c", count, "-W", wait, address,
                                      check=False).stdout)

    def arping(self, address: str, count=3) -> int:
        """Runs Habets' arping; returns the number of answered requests."""
        said = self.ns.run("arping", "-c", count, "-W", "0.2", "-i", self.nic, address, check=False).stdout
        return len(re.findall(r"^\d+ bytes from ", said, re.MULTILINE))

    def arpgen(self, *args, seconds=1, timeout=60, **options) -> dict:
        """Runs arpgen on this peer's interface, with the options of its command line; returns its report."""
        words = [word for key, value in options.items() for word in (f"--{key.replace('_', '-')}", value)]
        return json.loads(self.ns.run(sh.arpgen(), "run", "--interface", self.nic, "--seconds", seconds, "--format",
                                      "json", *words, *args, timeout=timeout).stdout)

    def forget(self) -> None:
        self.ns.ip("neigh", "flush", "all")

    def tag_arp(self, in_frame: bool) -> None:
        """Puts tag 100 on ARP frames: in the frame, or in the metadata as a NIC that strips tags does."""
        self.ns.run("ethtool", "-K", self.nic, "txvlan", "off" if in_frame else "on")
        self.ns.run("tc", "qdisc", "replace", "dev", self.nic, "clsact")
        self.ns.run("tc", "filter", "replace", "dev", self.nic, "egress", "pref", 1, "handle", 1, "bpf", "da",
                    "obj", self.lab.bpf_object("vlan_push"), "sec", "tc")

    def aim_at_queue(self, queue: int, queues: int) -> None:
        """All frames of this peer leave through one queue, and so arrive on the same one."""
        every_cpu = (1 << os.cpu_count()) - 1
        for index in range(queues):
            self.ns.sysfs_write(f"/sys/class/net/{self.nic}/queues/tx-{index}/xps_cpus",
                                f"{every_cpu if index == queue else 0:x}")


class Switch:
    """A bridge in a namespace. Ports are named after the node behind them."""

    def __init__(self, lab, label="switch", ageing_seconds=3.0):
        self.lab, self.label = lab, label
        self.ns = lab.namespace(label)
        self.ns.ip("link", "add", "br0", "type", "bridge", "ageing_time", int(ageing_seconds * 100))
        self.ns.ip("link", "set", "br0", "up")

    def port(self, node: Node, flood=True, locked=False, **veth) -> str:
        name = node.label[:15]
        self.lab.veth(node.ns, node.nic, self.ns, name, **veth)
        self.ns.ip("link", "set", name, "master", "br0")
        self.ns.run("bridge", "link", "set", "dev", name, "flood", "on" if flood else "off",
                    "locked", "on" if locked else "off")
        return name

    def knows(self, mac: str) -> bool:
        return mac in self.ns.run("bridge", "fdb", "show", "br", "br0").stdout

    def lock(self, node: Node, *macs) -> None:
        """Port security: the port accepts frames of these MACs only."""
        port = node.label[:15]
        for mac in macs:
            self.ns.run("bridge", "fdb", "replace", mac, "dev", port, "master", "static")
        self.ns.ip("link", "set", "dev", port, "type", "bridge_slave", "fdb_flush")
        self.ns.run("bridge", "link", "set", "dev", port, "locked", "on")

    def unlock(self, node: Node) -> None:
        self.ns.run("bridge", "link", "set", "dev", node.label[:15], "locked", "off")

    def set_link(self, node: Node, state: str) -> None:
        """up or down: the node has a carrier or not."""
        self.ns.ip("link", "set", node.label[:15], state)


@dataclass
class Child:
    """A container: a namespace with one macvlan interface of the host's parent NIC."""
    host: "Host"
    ns: Namespace
    address: str  # without the prefix length
    prefix_bits: int
    mac: str
    mode: str
    interface: str = "mv0"
    addresses: list = field(default_factory=list)
    vlan: int = 0  # of the VLAN interface below it; 0: it is on the parent

    def link(self, *what) -> None:
        self.ns.ip("link", "set", self.interface, *what)

    def remove_address(self) -> None:
        self.ns.ip("addr", "del", f"{self.address}/{self.prefix_bits}", "dev", self.interface)

    def add_address(self, address: str) -> None:
        self.ns.ip("addr", "add", address, "dev", self.interface)

    def ping(self, address: str, count=3, interval=0.2, wait=1) -> Pings:
        return Peer.ping(self, address, count, interval, wait)

    def delete(self) -> None:
        """Deletes the namespace, and with it the interface, as a runtime does."""
        self.host.lab.forget_namespace(self.ns)
        self.host.children.remove(self)


class Host(Node):
    """A machine with a parent NIC and macvlan containers on it."""

    def __init__(self, lab, label="host", nic="nic0", first_address="10.77.1.1/16"):
        super().__init__(lab, label, nic)
        self.first_address = ipaddress.IPv4Interface(first_address)
        self.children: list[Child] = []
        self._made = 0

    def add_children(self, count: int, **options) -> list[Child]:
        return [self.add_child(**options) for _ in range(count)]

    def add_child(self, address=None, mac="fixed", mode="bridge", created_inside=False, ns=None,
                  interface="mv0", vlan=0) -> Child:
        """mac: "fixed" (predictable), None (random, by the kernel) or an address. ns: an existing one. vlan: of the
       VLAN interface below it."""
        number = self._made
        self._made += 1
        where = ipaddress.IPv4Interface(address) if address else ipaddress.IPv4Interface(
            f"{self.first_address.ip + number}/{self.first_address.network.prefixlen}")
        ns = ns or self.lab.namespace(f"{self.label}-c{number}")
        if mac == "fixed" and mode != "passthru":
            mac = f"02:a7:00:00:{number >> 8:02x}:{number & 255:02x}"
        lower = f"{self.nic}.{vlan}" if vlan else self.nic
        self._create_macvlan(ns, interface, lower, None if mac == "fixed" else mac, mode, created_inside, number)
        ns.ip_batch([f"addr add {where} dev {interface}", f"link set {interface} up"])
        mac = ns.run("ip", "-br", "link", "show", "dev", interface).stdout.split()[2]
        child = Child(self, ns, str(where.ip), where.network.prefixlen, mac, mode, interface, vlan=vlan)
        self.children.append(child)
        return child

    def _create_macvlan(self, ns, interface, lower, mac, mode, created_inside, number) -> None:
        address = ["address", mac] if mac else []
        kind = ["type", "macvlan", "mode", mode]
        if created_inside:
            self.ns.ip("link", "add", "link", lower, "name", interface, *address, "netns", ns.name, *kind)
            return
        temporary = f"tmp{number}"
        self.ns.ip("link", "add", "link", lower, "name", temporary, *address, *kind)
        self.ns.ip("link", "set", temporary, "netns", ns.name, "name", interface)

    def start_arplined(self, config=None, args=(), wait_seconds=10.0) -> Arplined:
        """config: a dict in the form of the file, TOML text, or None. Returns when the daemon serves the parent."""
        daemon = Arplined(self, config, args)
        daemon.wait_serving(wait_seconds)
        return daemon

    def arpline(self, *args, **options):
        options.setdefault("check", False)
        return self.ns.run(sh.arpline(), *args, **options)

    def status(self):
        """The parent's entry of `arpline status --json`, or None."""
        return read_status(self)
