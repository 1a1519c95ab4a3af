# SPDX-License-Identifier: Apache-2.0
"""The measured hosts. Each exists for the whole run; an idle one costs nothing."""
import contextlib
import ipaddress
import os
from dataclasses import dataclass, replace
from pathlib import Path

from lab import Lab

from running import GENERATOR_CPU, NAPI_CPU

FEW, MANY, WIDE, BRIDGE, LEFT, RIGHT = "few", "many", "wide", "bridge", "left", "right"
BRIDGED = 64  # addresses that the bridge answers for


@dataclass(frozen=True)
class Plan:
    children: int
    each: int = 1  # addresses per child
    first: str = "10.77.1.1"
    peer: str = "10.77.0.1/16"

    @property
    def addresses(self) -> int:
        return self.children * self.each or BRIDGED


PLANS = {FEW: Plan(4), MANY: Plan(64), BRIDGE: Plan(0), LEFT: Plan(4), RIGHT: Plan(4),
         # No kernel handles 65,536 interfaces well, so each child has many addresses; together they fill the table.
         WIDE: Plan(16, each=4_096, first="10.78.1.0", peer="10.79.200.1/15")}


class Place:
    """A host and the peer that asks it."""

    def __init__(self, lab: Lab, kind: str, plan: Plan, settle_ms: int):
        self.plan, self.settle_ms = plan, settle_ms
        self.host, self.peer = lab.host(f"host-{kind}"), lab.peer(f"peer-{kind}", address=self.plan.peer)
        lab.connect(self.host, self.peer)
        # Without a program or GRO a veth accepts neither redirected frames nor those of XDP_TX.
        self.peer.ns.run("ethtool", "-K", self.peer.nic, "gro", "on")
        self.napi = self.host.threaded_napi(NAPI_CPU)
        self._add_children()
        if kind == BRIDGE:
            self._answer_on_a_bridge()

    def address(self, number: int) -> str:
        return str(ipaddress.IPv4Address(self.plan.first) + number)

    def _add_children(self) -> None:
        bits = self.plan.peer.partition("/")[2]
        for number in range(0, self.plan.children * self.plan.each, self.plan.each):
            child = self.host.add_child(address=f"{self.address(number)}/{bits}")
            child.ns.ip_batch(f"addr add {self.address(number + one)}/{bits} dev {child.interface}"
                              for one in range(1, self.plan.each))

    def _answer_on_a_bridge(self) -> None:
        ns = self.host.ns
        ns.ip_batch(["link add br0 type bridge", "link set br0 up", f"link set {self.host.nic} master br0"])
        for number in range(BRIDGED):
            ns.run("ebtables-nft", "-t", "nat", "-A", "PREROUTING", "-i", self.host.nic, "-p", "ARP", "--arp-opcode",
                   "Request", "--arp-ip-dst", self.address(number), "-j", "arpreply", "--arpreply-mac",
                   f"02:a7:00:00:00:{number:02x}", "--arpreply-target", "DROP")

    def napi_ns(self) -> int:
        """The CPU time of the parent's NAPI."""
        return sum(int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) for pid in self.napi)

    @contextlib.contextmanager
    def napi_first(self):
        """Gives the NAPI's thread priority on its CPU, as a NAPI in softirq has it, mostly over the kernel's work for
       macvlan's broadcast queue."""
        try:
            for pid in self.napi:
                os.setpriority(os.PRIO_PROCESS, pid, -20)
            yield
        finally:
            for pid in self.napi:
                os.setpriority(os.PRIO_PROCESS, pid, 0)

    @property
    def requester(self) -> str:
        return self.plan.peer.partition("/")[0]

    @property
    def forged(self) -> str:
        """The range of forged senders: the subnet without its first address, the requester."""
        network = ipaddress.ip_interface(self.plan.peer).network
        return f"{ipaddress.IPv4Address(self.requester) + 1}-{network.broadcast_address - 1}"

    @property
    def targets(self) -> str:
        return f"{self.address(0)}-{self.address(self.plan.addresses - 1)}"

    @property
    def traffic(self) -> str:
        """One requester asks for all addresses in random order."""
        return f"who-has to={self.targets} from={self.requester}"

    def ask(self, seconds: float, *words, traffic=(), **options) -> dict:
        """Runs arpgen on the peer with `traffic`, by default for all addresses in random order; returns its report."""
        streams = [word for spec in traffic or (self.traffic,) for word in ("--traffic", spec)]
        return self.peer.arpgen(*streams, "--cpu", GENERATOR_CPU, *words, seconds=seconds, seed=1, deadline_ms=300,
                                settle_ms=self.settle_ms, **options)


class Places:
    """
    Builds each lab at its first use. wide: number of addresses of the host WIDE. settle_ms: pause between attaching the
   meter and the first frame.
    """

    def __init__(self, lab: Lab, wide: int, settle_ms: int):
        self.lab, self._settle_ms, self._places = lab, settle_ms, {}
        self._plans = {**PLANS, WIDE: replace(PLANS[WIDE], each=wide // PLANS[WIDE].children)}

    def of(self, kind: str) -> Place:
        if kind not in self._places:
            self._places[kind] = Place(self.lab, kind, self._plans[kind], self._settle_ms)
        return self._places[kind]
