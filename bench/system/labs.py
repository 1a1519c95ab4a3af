# SPDX-License-Identifier: Apache-2.0
"""The measured hosts. Each stands for the whole run; what nobody asks costs nothing."""
from pathlib import Path

from lab import Lab

from running import GENERATOR_CPU, NAPI_CPU

FEW, MANY, BRIDGE, LEFT, RIGHT = "few", "many", "bridge", "left", "right"
CHILDREN = {FEW: 4, MANY: 64, BRIDGE: 0, LEFT: 4, RIGHT: 4}
BRIDGED = 64  # addresses that the bridge answers for
FIRST_ADDRESS = "10.77.1.1"


class Place:
    """A host, and the peer that asks it."""

    def __init__(self, lab: Lab, kind: str):
        self.host, self.peer = lab.host(f"host-{kind}"), lab.peer(f"peer-{kind}")
        lab.connect(self.host, self.peer)
        # Without a program or GRO a veth takes neither what is redirected into it nor what comes back by XDP_TX.
        self.peer.ns.run("ethtool", "-K", self.peer.nic, "gro", "on")
        self.napi = self.host.threaded_napi(NAPI_CPU)
        self.host.add_children(CHILDREN[kind])
        self.addresses = CHILDREN[kind] or BRIDGED
        if kind == BRIDGE:
            self._answer_on_a_bridge()

    def _answer_on_a_bridge(self) -> None:
        ns = self.host.ns
        ns.ip_batch(["link add br0 type bridge", "link set br0 up", f"link set {self.host.nic} master br0"])
        for number in range(BRIDGED):
            ns.run("ebtables-nft", "-t", "nat", "-A", "PREROUTING", "-i", self.host.nic, "-p", "ARP", "--arp-opcode",
                   "Request", "--arp-ip-dst", f"10.77.1.{number + 1}", "-j", "arpreply", "--arpreply-mac",
                   f"02:a7:00:00:00:{number:02x}", "--arpreply-target", "DROP")

    def napi_ns(self) -> int:
        """CPU time that the parent's NAPI has used."""
        return sum(int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) for pid in self.napi)

    @property
    def traffic(self) -> str:
        return f"who-has to={FIRST_ADDRESS}-10.77.1.{self.addresses} from=10.77.0.1"

    def ask(self, seconds: float, *words, **options) -> dict:
        """The peer asks for all addresses at random; arpgen's report."""
        return self.peer.arpgen("--traffic", self.traffic, "--cpu", GENERATOR_CPU, *words, seconds=seconds, seed=1,
                                deadline_ms=300, **options)


class Places:
    """Built when first needed."""

    def __init__(self, lab: Lab):
        self._lab, self._places = lab, {}

    def of(self, kind: str) -> Place:
        if kind not in self._places:
            self._places[kind] = Place(self._lab, kind)
        return self._places[kind]
