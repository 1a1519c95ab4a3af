#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the #include lines against the table of layers below, and prints those that break it."""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Directly; what those may include, it may include too.
MAY_INCLUDE = {
    "shared": set(),
    "skeleton": set(),
    "base": {"shared"},
    "config": {"base"},
    "endpoints": {"base"},
    "port": {"base"},
    "kernel": {"base", "skeleton"},
    "protocol": {"base"},
    "report": {"base", "endpoints"},
    "discovery": {"kernel", "endpoints"},
    "worker": {"port", "endpoints"},
    "control": {"config", "kernel", "endpoints", "discovery", "protocol", "report", "worker"},
    "main": {"control", "port"},
    "arpline": {"control"},
    "arpgen": {"shared", "base", "port"},
    "exporter": {"control"},
    "bpf": {"shared"},
}
# A part of a component that may do more, by what its name begins with.
MORE = {"tools/arpline/replay": {"worker", "port"}}
# `worker` brings `port` in behind control's back; these must not name it themselves.
NEVER = {"control": {"port"}, "arpline": {"port"}, "exporter": {"port"}}
SHARED_MAY_INCLUDE = re.compile(r"^(linux/.*|asm/.*|bpf/bpf_helpers\.h|bpf/bpf_endian\.h)$")
RTE_ONLY_IN = re.compile(r"^(engine/(port/ethdev[^/]*|main/arplined_dpdk[^/]*)"
                         r"|(tests|bench)/.*/[^/]*ethdev[^/]*)$")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
RTE = re.compile(r"\brte_\w+")
SOURCES = (".c", ".h", ".cpp", ".hpp", ".def")


def allowed(component: str) -> set[str]:
    found, waiting = {component}, [component]
    while waiting:
        for other in MAY_INCLUDE[waiting.pop()] - found:
            found.add(other)
            waiting.append(other)
    return found - NEVER.get(component, set())


def component_of(path: str) -> str | None:
    """The component that a file belongs to; None for tests, benchmarks and what is not ours."""
    parts = path.split("/")
    if parts[0] == "bpf":
        return "shared" if parts[1] == "shared" else "bpf"
    if parts[0] == "engine":
        return parts[1]
    if parts[0] == "tools" and len(parts) > 2 and parts[1] in ("arpline", "arpgen", "exporter"):
        return parts[1]
    return None


def included_component(including: str, name: str) -> str | None:
    """The component of an included header; None when it is a library's."""
    if name.endswith(".skel.h"):
        return "arpgen" if name.startswith("arpgen") else "skeleton"
    if (ROOT / including).parent.joinpath(name).exists():
        return component_of((ROOT / including).parent.joinpath(name).resolve().relative_to(ROOT).as_posix())
    for folder in ("bpf", "engine", "tools", "."):
        if (ROOT / folder / name).exists():
            return component_of((ROOT / folder / name).resolve().relative_to(ROOT).as_posix())
    return None


def check(path: str, text: str) -> list[str]:
    wrong = []
    if RTE.search(text) and not RTE_ONLY_IN.match(path):
        wrong.append(f"{path}: {RTE.search(text)[0]} belongs into port/ethdev.*, the main of arplined-dpdk or a test's "
                     "ethdev file")
    component = component_of(path)
    if component is None:
        return wrong
    if component not in MAY_INCLUDE:
        return [*wrong, f"{path}: component {component} is not in the table of tests/includes.py"]
    may = allowed(component)
    for prefix, more in MORE.items():
        if path.startswith(prefix):
            may = may | more
    for bracket, name in INCLUDE.findall(text):
        other = included_component(path, name)
        if other is not None and other not in may:
            wrong.append(f"{path}: {component} must not include {name} ({other})")
        if component == "shared" and other is None and not SHARED_MAY_INCLUDE.match(name):
            wrong.append(f"{path}: shared must not include {name}")
        if bracket == '"' and other is None:
            wrong.append(f"{path}: there is no {name} in this tree")
    return wrong


def sources() -> list[str]:
    # The clone may be another user's than root's.
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted(path for path in listed if path.endswith(SOURCES) and (ROOT / path).exists())


def main() -> int:
    files = sources()
    wrong = [line for path in files for line in check(path, (ROOT / path).read_text(encoding="utf-8"))]
    print("\n".join(wrong) if wrong else f"{len(files)} files include only what they may")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
