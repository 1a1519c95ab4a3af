# SPDX-License-Identifier: Apache-2.0
"""The machine's hardware and software for the report, without anything that identifies it."""
import os
import re
import subprocess
import time
from pathlib import Path

from lab import arpline

PACKAGES = ("libbpf1", "libxdp1", "dpdk-dev", "iptables", "iperf3", "libbenchmark1debian")


def said_by(*argv) -> str:
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


def first_line(*argv) -> str:
    return said_by(*argv).partition("\n")[0]


def version(package: str) -> str:
    return first_line("dpkg-query", "-W", "-f", "${Version}", package) or "not installed"


def cpu_model() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return found[1] if found else "unknown"


def hypervisor() -> str:
    found = re.search(r"^Hypervisor vendor:\s*(.+)", said_by("lscpu"), re.MULTILINE)
    return f", a virtual machine ({found[1]})" if found else ""


def distribution() -> str:
    found = re.search(r'^PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "unknown"


def busy(seconds: float) -> float:
    """The part of all CPUs' time that others use now. Call it while no measurement runs."""
    def idle_and_all():
        fields = [int(field) for field in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
        return fields[3] + fields[4], sum(fields)
    idle, everything = idle_and_all()
    time.sleep(seconds)
    idle_after, everything_after = idle_and_all()
    return 1 - (idle_after - idle) / max(everything_after - everything, 1)


def facts() -> list[tuple[str, str]]:
    return [
        ("CPU", f"{os.cpu_count()} × {cpu_model()}{hypervisor()}"),
        ("system", f"{distribution()}, kernel {os.uname().release.split('-')[0]}"),
        ("wire", "one veth pair between two network namespaces, one queue each way"),
        ("compilers", f"{first_line('c++', '--version')}; {first_line('clang', '--version')}"),
        ("packages", ", ".join(f"{package} {version(package)}" for package in PACKAGES)),
        ("arpline", first_line(arpline(), "--version")),
    ]
