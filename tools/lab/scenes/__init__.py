# SPDX-License-Identifier: Apache-2.0
"""
The demo's scenes, one module each: NAME (a word for the command line), TITLE, STORY (text), play(keep) -> Outcome.
A new scene is a new module and its name in ORDER.
"""
import importlib
from dataclasses import dataclass, field

ORDER = ("quiet_container", "storm")


@dataclass
class Outcome:
    rows: list  # (what was measured, before, after, what is promised of "after")
    kept_its_promise: bool
    hints: list = field(default_factory=list)  # with keep: lines on what to try in the lab


def load():
    return [importlib.import_module(f"{__name__}.{name}") for name in ORDER]


def table(rows) -> str:
    """Columns as wide as they need to be; the first row is the heading."""
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
