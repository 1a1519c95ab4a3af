# SPDX-License-Identifier: Apache-2.0
"""Tables of Markdown."""


def table(heading, rows) -> str:
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])
