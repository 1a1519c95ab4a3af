# SPDX-License-Identifier: Apache-2.0
"""The report's section about attacks."""
import statistics

from attacks import ATTACKED, ATTACKS, KERNEL, WITHOUT
from report_tables import median, millions, spread, table

METHOD = """64 containers, `arplined` with its defaults. A peer that has asked before asks for the containers
{per_second} times a second while a flood comes in by the same wire, each of its senders with a MAC of its own.
*Without*: the flood alone, from addresses that nobody has. *Attacked*: what the first column says. *Kernel*: the same
attack without `arplined`. *Asked* is what of the flood somebody has to answer: forged announcements, say, are
nobody's question. The peer's figures are sums of all rounds. Who can do each, to whom, and what stands against it:
[threats.md](threats.md)."""

TITLES = {WITHOUT: "without", ATTACKED: "**attacked**", KERNEL: "kernel, attacked"}


def share(answered: float, asked: float) -> str:
    """Never rounded up to 100 %."""
    return f"{int(answered / asked * 1000) / 10:g} %" if asked else ""


def rows_of(attack, sides) -> list[tuple]:
    rows = []
    for side, title in TITLES.items():
        if not (samples := sides.get(side)):
            continue
        asked, answered = (sum(one[field] for one in samples) for field in ("good_asked", "good_answered"))
        rows.append((attack.title if side == WITHOUT else "", title, millions(median(samples, "offered")),
                     millions(median(samples, "asked")), f"{millions(median(samples, 'answered'))}",
                     share(median(samples, "answered"), median(samples, "asked")), spread(samples, "answered"),
                     asked, answered, share(answered, asked)))
    return rows


def kept(sides) -> list[float]:
    """The ratio of answers with the attack to answers without it, one per round."""
    def part(one):
        return one["answered"] / one["asked"] if one["asked"] else 0.0
    pairs = zip(sides.get(ATTACKED, ()), sides.get(WITHOUT, ()))
    return [part(attacked) / part(without) for attacked, without in pairs if part(without)]


def section(found: dict) -> str:
    if not found:
        return "Not measured."
    rows = [row for attack in ATTACKS for row in rows_of(attack, found["attacks"].get(attack.name, {}))]
    lowest = [(statistics.median(values), attack.title) for attack in ATTACKS
              if (values := kept(found["attacks"].get(attack.name, {})))]
    worst = f"The worst attack leaves {min(lowest)[0]:.3f} of the flood's answers: {min(lowest)[1]}." if lowest else ""
    heading = ("attack", "", "offered, M/s", "asked, M/s", "answered, M/s", "of asked", "least – most",
               "the peer asked", "answered", "of asked")
    return "\n\n".join([METHOD.format(per_second=found["requests_per_second"]), table(heading, rows), worst,
                        *(f"Not measured: {one}" for one in found["failed"])])
