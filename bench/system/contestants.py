# SPDX-License-Identifier: Apache-2.0
"""The measured responders, each with its name, its lab and its start command."""
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from lab import build_dir, sh

from labs import BRIDGE, FEW, MANY
from running import Arplined, Nothing, Process, cpu_list, over_ethdev, without_fast_path

ECHOED = "echoed"
LIMIT = build_dir() / "bench" / "limits" / "limit"


@dataclass(frozen=True)
class Contestant:
    name: str
    title: str
    lab: str
    start: Callable
    counts: str = "answered"  # the field of arpgen's report that counts its answers
    program: str = ""  # without this program installed it is skipped

    def reason_to_skip(self) -> str:
        return f"{self.program} is not installed" if self.program and not shutil.which(self.program) else ""


def kernel(_host):
    return Nothing()


def limit(mode: str) -> Callable:
    def start(host):
        argv = [LIMIT, mode, "--interface", host.nic]
        if mode == "to-child":
            first = host.children[0]
            argv += ["--first-ip", first.address, "--first-mac", first.mac, "--count", len(host.children)]
        return Process(host, argv, "ready")
    return start


def testpmd(host):
    # Both of its threads on the responders' CPU; the main thread only waits.
    cpus = f"({cpu_list()})"
    return Process(host, ["stdbuf", "-oL", "dpdk-testpmd", "--no-huge", "--no-shconf", "--no-pci", "-m", 512,
                          "--lcores", f"0@{cpus},1@{cpus}", "--vdev", f"net_af_xdp0,iface={host.nic}",
                          "--", "--forward-mode", "macswap", "--total-num-mbufs", 16384],
                   "Press enter to exit", env={"RUNTIME_DIRECTORY": str(host.lab.folder)})


# All responders that answer through AF_XDP, on the same veth.
PORTS = ("ethdev-64", "testpmd", "arplined-64", "af-xdp")

CONTESTANTS = (
    Contestant("kernel-4", "kernel, 4 children", FEW, kernel),
    Contestant("kernel-64", "kernel, 64 children", MANY, kernel),
    Contestant("ebtables", "ebtables-nft arpreply, 64 rules", BRIDGE, kernel, program="ebtables-nft"),
    Contestant("testpmd", "dpdk-testpmd macswap, net_af_xdp", MANY, testpmd, counts=ECHOED, program="dpdk-testpmd"),
    Contestant("af-xdp", "limit: bare AF_XDP reflector", MANY, limit("af-xdp")),
    Contestant("to-child-4", "limit: bare TO_CHILD, 4 children", FEW, limit("to-child")),
    Contestant("to-child-64", "limit: bare TO_CHILD, 64 children", MANY, limit("to-child")),
    Contestant("arplined-4", "arplined, fast_path = false, 4 children", FEW, without_fast_path),
    Contestant("arplined-64", "arplined, fast_path = false, 64 children", MANY, without_fast_path),
    Contestant("ethdev-64", "arplined-dpdk, fast_path = false, net_af_xdp, 64 children", MANY, over_ethdev,
               program=sh.arplined_dpdk()),
    Contestant("fast", "arplined, 64 children", MANY, Arplined),
    Contestant("xdp-tx", "limit: bare XDP_TX reflector", MANY, limit("xdp-tx")),
)
