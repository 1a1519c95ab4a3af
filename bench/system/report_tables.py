# SPDX-License-Identifier: Apache-2.0
"""Markdown tables and the format of their figures."""
import statistics


def table(heading, rows) -> str:
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def millions(value: float) -> str:
    return f"{value / 1e6:.3f}" if value >= 1e5 else f"{value / 1e6:.4f}"


def median(rows, field: str) -> float:
    return statistics.median(row[field] for row in rows)


def spread(rows, field: str) -> str:
    values = [row[field] for row in rows]
    return f"{millions(min(values))} – {millions(max(values))}"
