# SPDX-License-Identifier: Apache-2.0
"""The report's section about the ports."""
import statistics

from contestants import PORTS
from report_tables import median, millions, spread, table

METHOD = """What answers through AF_XDP on the same veth, in the same rounds. `arplined` hands at most 128 frames at a
time to a queue's ring, what a killed daemon may lose, and the rest to the containers' kernels; testpmd and the
reflector have rings of 2,048 and lose what does not fit. testpmd never sleeps, the others do when they have nothing to
do. *By the ring*: what the process answered itself. *CPU*: its CPU seconds in a second, system calls included."""


def ports(document) -> str:
    found = {one["name"]: one for one in document["responders"] if one["full"]}
    testpmd = found.get("testpmd", {}).get("full", [])
    rows = []
    for name in PORTS:
        if name not in found:
            continue
        full = [{**one, "ring": one.get("ring", one["answered"])} for one in found[name]["full"]]
        times = [ours["answered"] / theirs["answered"] for ours, theirs in zip(full, testpmd) if theirs["answered"]]
        per_cpu = [one["ring"] / one["cpu"] for one in full if one.get("cpu")]
        rows.append((found[name]["title"], millions(median(full, "offered")),
                     f"**{millions(median(full, 'answered'))}**", spread(full, "answered"),
                     millions(median(full, "ring")),
                     f"{statistics.median(times):.2f}" if times else "",
                     f"{median(full, 'cpu'):.2f}" if per_cpu else "",
                     f"**{millions(statistics.median(per_cpu))}**" if per_cpu else ""))
    if not rows:
        return "Not measured."
    heading = ("responder", "offered, M/s", "answered, M/s", "least – most", "by the ring, M/s", "× testpmd", "CPU",
               "by the ring, M a CPU second")
    return f"{METHOD}\n\n{table(heading, rows)}"
