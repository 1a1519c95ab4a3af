# SPDX-License-Identifier: Apache-2.0
"""
The demo's scenes, one module each: NAME (a word for the command line), TITLE, STORY (text), play(keep) -> Outcome.
A new scene is a new module and its name in ORDER. The lab tests play the same scenes with smaller numbers.
"""
import importlib
from dataclasses import dataclass, field

from .. import ROOT, Lab, wired

ORDER = ("quiet_container", "storm", "neighbours", "shaped", "claims")


@dataclass
class Outcome:
    rows: list  # (quantity, before, after, the promise for "after")
    kept_its_promise: bool
    hints: list = field(default_factory=list)  # with keep: lines that suggest commands for the lab


def load():
    return [importlib.import_module(f"{__name__}.{name}") for name in ORDER]


def table(rows) -> str:
    """Text with aligned columns; the first row is the heading."""
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def percent(ratio: float) -> str:
    """Never rounded up to 100 %."""
    return f"{int(ratio * 1000) / 10:g} %"


def twice(side, engine: str, keep: bool, hints):
    """
    Plays side(lab, served) -> (measured, nodes) in a lab without arpline and in one with it, configured by `engine`.
    Returns (measured without, measured with, the result of hints(lab, *nodes) when the second lab is kept).
    """
    say("without arpline")
    with Lab() as lab:
        before, _ = side(lab, False)
    say(f"with arpline: {engine}")
    with Lab(keep=keep) as lab:
        after, nodes = side(lab, True)
        return before, after, [*hints(lab, *nodes), *ending(lab)] if keep else []


def ending(lab) -> list[str]:
    return ["end the engine, and try again:", f"  kill {lab.daemons[-1].pid}",
            "remove the lab:", f"  {ROOT}/tools/lab/remove {lab.id}"]


def receiving(lab, children):
    """A host with containers, connected to a peer; like a real NIC it receives the frames that arpgen sends live."""
    host, peer = wired(lab, children)
    host.ns.run("ethtool", "-K", host.nic, "gro", "on")
    return host, peer


def targets(host) -> str:
    """The containers' addresses as a range for arpgen."""
    return f"{host.children[0].address}-{host.children[-1].address}"
