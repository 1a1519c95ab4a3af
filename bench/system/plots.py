# SPDX-License-Identifier: Apache-2.0
"""Plots of the answered rate and of its ratio to the offered rate, over the offered rate; drawn by gnuplot."""
import statistics
import subprocess
from pathlib import Path

from lab import CommandError

# Thick: arplined. Dashed: the limits.
COLORS = ("#777777", "#000000", "#b8860b", "#9467bd", "#1f77b4", "#98df8a", "#2ca02c", "#ff9896", "#d62728", "#ff7f0e",
          "#17becf")
TERMINALS = {"svg": "svg noenhanced size 900,560 font 'sans-serif,13' background rgb 'white'",
             "png": "pngcairo noenhanced size 1350,840 font 'sans,15'"}
PLOTS = {"answered": ("answered, frames/s", "set logscale y; set format y '%.0s%c'; set yrange [1000:*]", 3),
         "ratio": ("answered, part of what was offered", "set yrange [0:1.05]", 4)}


def points(samples) -> list[tuple]:
    """(offered, answered, ratio): medians over the rounds, one point per rate; full speed is last."""
    by_rate = {}
    for sample in samples:
        by_rate.setdefault(sample["rate"] or 0, []).append(sample)
    found = [tuple(statistics.median(one[field] for one in rows) for field in ("offered", "answered", "ratio"))
             for rows in by_rate.values()]
    return sorted(found)


def script(responders, plot: str, terminal: str, output: Path) -> str:
    label, axis, column = PLOTS[plot]
    lines = [f"set terminal {TERMINALS[terminal]}", f"set output '{output}'", "set logscale x",
             "set format x '%.0s%c'", "set xlabel 'offered, who-has/s'", f"set ylabel '{label}'", axis,
             "set grid", "set key outside right top"]
    curves = []
    for number, one in enumerate(responders):
        rows = [f"{number} {offered} {answered} {ratio}" for offered, answered, ratio
                in points(one["curve"] + one["full"])]
        lines += [f"$data{number} << EOD", *rows, "EOD"]
        style = f"linewidth {4 if 'arplined' in one['title'] else 2} dashtype {2 if 'limit' in one['title'] else 1}"
        curves.append(f"$data{number} using 2:{column} with linespoints {style} pointtype 7 pointsize 0.6 "
                      f"linecolor rgb '{COLORS[number % len(COLORS)]}' title '{one['title']}'")
    return "\n".join([*lines, "plot " + ", ".join(curves), ""])


def draw(responders, folder: Path, prefix="", terminals=("svg", "png")) -> list[Path]:
    measured = [one for one in responders if one["curve"] or one["full"]]
    made = []
    for plot in PLOTS if measured else ():
        for terminal in terminals:
            output = folder / f"{prefix}{plot}.{terminal}"
            done = subprocess.run(["gnuplot"], input=script(measured, plot, terminal, output), capture_output=True,
                                  text=True, check=False)
            if done.returncode != 0:
                raise CommandError(f"gnuplot: {output.name}: {done.stderr.strip()}")
            made.append(output)
    return made
