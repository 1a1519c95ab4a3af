# SPDX-License-Identifier: Apache-2.0
"""The report in Markdown, made from results.json alone."""
import statistics
from pathlib import Path

import engine
import report_attacks
import report_discovery
import report_fast_path
import report_ports
import report_protocol
import scrape
import watch
from report_tables import median, millions, spread, table

METHOD = (Path(__file__).parent / "method.md").read_text(encoding="utf-8")
REMARKS = (Path(__file__).parent / "remarks.md").read_text(encoding="utf-8")

FREE = """The processes that answer (`arplined`, the reflector's, `testpmd`) run where the scheduler puts
  them, as they do on a host that nobody has tuned; what that costs the generator shows in the offered rate. With
  `bench/run --pinned` they share CPU 1 with the NAPI: then each responder has one CPU in all."""
PINNED = """So is everything else that answers: softirqs, the children's kernels, `arplined` with all its threads,
  the reflector's process, `testpmd`. Each responder has one CPU in all."""


def targets(document) -> str:
    def figure(value):
        return "" if value is None else f"{value:.3f}"
    return table(("target", "bound", "median", "least", "most", "outcome"),
                 [(one["what"], one["bound"], figure(one["value"]), figure(one["least"]), figure(one["most"]),
                   f"**{one['outcome']}**") for one in document["targets"]])


def times(one, other) -> str:
    """The median over the rounds of the ratio within a round."""
    found = [a["answered"] / b["answered"] for a, b in zip(one["full"], other.get("full", [])) if b["answered"]]
    return f"{statistics.median(found):.2f}" if found else ""


def other_load(document) -> str:
    busy = [value for one in document["responders"] for value in one["busy"]]
    return (f"Between the measurements the machine was {statistics.median(busy) * 100:.0f} % busy with something else, "
            f"at most {max(busy) * 100:.0f} %.") if busy else ""


def full_speed(document) -> str:
    by_name = {one["name"]: one for one in document["responders"]}
    af_xdp, kernel = by_name.get("af-xdp", {}), by_name.get("kernel-64", {})
    rows = []
    for one in document["responders"]:
        if one["skipped"] or one["failed"]:
            rows.append((one["title"], f"skipped: {one['skipped']}" if one["skipped"] else "failed", *[""] * 5))
        elif one["full"]:
            rows.append((one["title"], millions(median(one["full"], "offered")),
                         f"**{millions(median(one['full'], 'answered'))}**",
                         f"{median(one['full'], 'ratio') * 100:.1f} %", spread(one["full"], "answered"),
                         times(one, af_xdp), times(one, kernel)))
            if any(sample.get("ring") for sample in one["full"]):
                rows.append(("– of that by RING", "", millions(median(one["full"], "ring")), "",
                             spread(one["full"], "ring"), "", ""))
    return table(("responder", "offered, M/s", "answered, M/s", "of offered", "least – most", "× AF_XDP",
                  "× kernel, 64 children"), rows)


def microseconds(samples) -> tuple[str, ...]:
    """Echoed requests have no latency."""
    return tuple(f"{ns / 1e3:.0f}" if (ns := median(samples, field)) else "" for field in ("p50_ns", "p99_ns"))


def curves(document) -> str:
    measured = [one for one in document["responders"] if one["curve"]]
    if not measured:
        return "Not measured."
    rates = sorted({sample["rate"] for sample in measured[0]["curve"]})
    rows = []
    for one in measured:
        of_rate = {rate: [s for s in one["curve"] if s["rate"] == rate] for rate in rates}
        least = of_rate[rates[0]]
        rows.append((one["title"], *(f"{median(of_rate[rate], 'ratio') * 100:.1f} %" for rate in rates),
                     *microseconds(least)))
    at_least = f"at {rates[0] / 1e6:g} M/s, µs"
    return table(("responder", *(f"{rate / 1e6:g} M/s" for rate in rates), f"p50 {at_least}", f"p99 {at_least}"), rows)


def generator(document) -> str:
    rows = document["generator"]
    if not rows:
        return "Not measured."
    return table(("offered, M/s", "arrived, M/s", "least – most"),
                 [(millions(median(rows, "offered")), millions(median(rows, "received")), spread(rows, "received"))])


def middle_half(values) -> str:
    quarters = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
    return f"{quarters[0]:.3f} – {quarters[2]:.3f}"


def streams(document) -> str:
    rows = []
    for found in document["streams"].values():
        for name, title in (("arplined", found["title"]), ("control", "– the empty program on both sides")):
            if measured := found[name]:
                capacity, throughput = ([row[field] for row in measured] for field in ("capacity", "throughput"))
                rows.append((title, millions(median(measured, "empty")), millions(median(measured, "program")),
                             f"**{statistics.median(capacity):.3f}**", middle_half(capacity),
                             f"{min(capacity):.3f} – {max(capacity):.3f}", f"{statistics.median(throughput):.3f}"))
    return table(("traffic", "empty program, M packets a CPU second", "arplined", "ratio", "middle half",
                  "least – most", "iperf3's throughput"), rows) if rows else "Not measured."


def micro(document, kinds, per="frame") -> str:
    rows = [(f"`{one['what']}`", one["rows"], f"{one['ns']:.1f}",
             f"{one['least_ns']:.1f} – {one['most_ns']:.1f}" if one["rows"] > 1 else "",
             above(one, "empty"), above(one, "reflector"), *(whole(one[of]) for of in ("instructions", "look_ups")),
             f"{one['unstable']} rows not stable" if one["unstable"] else "")
            for one in document["micro"] if one["kind"] in kinds]
    return table(("what", "rows", f"ns a {per}", "least – most", "above empty", "above the reflector", "instructions",
                  "look-ups", ""), rows) if rows else "Not measured."


def above(one: dict, other: str) -> str:
    """The cost of a row above another program, with the least and most of its runs."""
    middle, least, most = (one[f"above_{other}{of}"] for of in ("", "_least", "_most"))
    return "" if middle is None else f"{middle:.1f} ({least:.1f} – {most:.1f})"


def whole(number) -> str:
    return "" if number is None else f"{number:.0f}"


def replays(found: dict) -> str:
    if not found:
        return "Not measured."
    rounds = found["rounds"]
    rates = [{"rate": one["frames"] / one["seconds"]} for one in rounds]
    verdicts = ", ".join(f"{name} {count:,}" for name, count in rounds[0]["verdicts"].items())
    return (f"A pcapng file of {rounds[0]['frames']:,} frames in the page cache: {found['requesters']} requesters, "
            f"{found['endpoints']} endpoints, a tenth of it something else. From the program's start to its end; only "
            f"the sums are printed. Verdicts: {verdicts}.\n\n" +
            table(("M frames/s", "least – most"), [(f"**{millions(median(rates, 'rate'))}**", spread(rates, "rate"))]))


def images(prefix: str) -> str:
    return (f"![answered rate over offered rate]({prefix}answered.svg)\n\n"
            f"![answered part over offered rate]({prefix}ratio.svg)")


def markdown(document, prefix="") -> str:
    """prefix: of the plots' file names."""
    run = document["run"]
    return "\n\n".join([
        "# Performance",
        f"Made by `{run['command']}`: {run['rounds']} interleaved rounds. Figures are medians; *least* and *most* are "
        "those of the rounds. Each section names the command that prints it alone.",
        "## The machine", table(("", ""), document["machine"]),
        METHOD.strip().replace("{placement}", PINNED if run["pinned"] else FREE),
        "## Targets", "`bench/run`; the exit code is 1 when one is missed.", targets(document),
        "## At full speed", "`bench/run`; one responder beside its limit: `bench/run --only arplined-64,af-xdp`.",
        full_speed(document), other_load(document),
        "## The fast path", "`bench/run --only fast_path`", report_fast_path.section(document["fast_path"]),
        "### The look-up", "`bench/run --only lookups`", report_fast_path.lookups(document["lookups"]),
        "### The ports", "`bench/run --only ports`", report_ports.ports(document),
        "## Attacks", "`bench/run --only attacks`", report_attacks.section(document.get("attacks", {})),
        "## At constant rates", "How much of what was offered was answered. `bench/run`, with the plots.",
        curves(document), images(prefix),
        "## The generator alone", "`bench/run --only generator`", generator(document),
        "## Traffic that is not ARP", "`bench/run --only udp,tcp`", streams(document),
        "## Discovery", "`bench/run --only discovery`", report_discovery.section(document["discovery"]),
        "## Announcing", "`bench/run --only protocol`", report_protocol.section(document.get("protocol", {})),
        "## A scrape", "`bench/run --only scrape`", scrape.section(document.get("scrape", {})),
        "## Watching", "`bench/run --only watch`", watch.section(document.get("watch", {})),
        "## Replaying a capture", "`bench/run --only replay`", replays(document["replay"]),
        "## The engine alone", "`bench/run --only engine`", engine.section(document.get("engine", {})),
        "## Per verdict", "`bench/run --only micro`, or one verdict's rows with "
        "`build/bench/micro/micro --benchmark_filter=wire/ring`.", micro(document, ("wire",)),
        "The egress program, and the shared headers as the engine compiles them:", micro(document,
                                                                                         ("egress", "header")),
        "The protocol machines by number of endpoints: what one endpoint costs in one second, when all of them are "
        "announced every 60 s, and when each also asks its gateway every 10 s:", micro(document, ("protocol",),
                                                                                       "second and endpoint"),
        REMARKS.strip(), ""])
