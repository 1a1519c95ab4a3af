# SPDX-License-Identifier: Apache-2.0
"""The report's section about the fast path."""
import statistics

from fast_path import CASES, FAST, KERNEL, ONE, RANDOM, REFLECTOR
from report_tables import median, millions, spread, table

METHOD = """As fast as the generator can, `arplined` with its defaults beside the bare XDP_TX reflector. *Random
requesters*: the rest of the subnet, 65,533 of them, the containers' own addresses among them, each with a MAC of its
own. *{addresses}
endpoints*: 16 containers with {each} addresses each; all are confirmed before, by one who-has for each with a generous
`to_child`, then the limits are the defaults again. The reflector has no table: its row with as many targets says what
the generator and the meter lose by them. *By REFLECT*: of arpline's answers, those of its XDP program."""

CASES_METHOD = """A peer that has asked before goes on asking for one container, {per_second} times a second, while
something else goes on; the same for the bare reflector in each round. Asked and answered are sums of all rounds. The
time is from when a request was due to when the meter had its answer. *Another container*: one other requester, one
other address. *A full neighbour table*: a host elsewhere on the machine scans a /16, and the kernel's table, which is
one for all namespaces, has no room left. *Gateways resolved*: addresses of the peer's kernel, new to the container,
that the container's kernel resolved during the flood."""

TITLES = {KERNEL: "kernel, 64 children", REFLECTOR: "limit: bare XDP_TX reflector", FAST: "arplined, 64 endpoints"}
WAYS = {ONE: "one", RANDOM: "random"}


def title(key: str, addresses: int) -> str:
    name = key.removesuffix("-wide")
    if name == key:
        return TITLES[name]
    return f"arplined, {addresses} endpoints" if name == FAST else f"{TITLES[name]}, {addresses} targets"


def times(rows, others) -> str:
    """Median of the ratios within a round."""
    found = [a["answered"] / b["answered"] for a, b in zip(rows, others) if b["answered"]]
    return f"{statistics.median(found):.3f}" if found else ""


def full_speed(found: dict) -> str:
    rows = []
    for way, shown in WAYS.items():
        reference = found["full"].get(REFLECTOR, {}).get(way, [])
        for key, ways in found["full"].items():
            if not (measured := ways.get(way)):
                continue
            beside = found["full"].get(f"{REFLECTOR}-wide", {}).get(way, []) if key.endswith("-wide") else reference
            rows.append((title(key, found["addresses"]), shown, millions(median(measured, "offered")),
                         f"**{millions(median(measured, 'answered'))}**",
                         f"{median(measured, 'ratio') * 100:.1f} %", spread(measured, "answered"),
                         times(measured, beside), reflected(measured) if key.startswith(FAST) else ""))
    return table(("responder", "requesters", "offered, M/s", "answered, M/s", "of offered", "least – most",
                  "× reflector", "by REFLECT"), rows)


def reflected(measured) -> str:
    shares = [min(one["reflected"] / one["answered"], 1.0) for one in measured if one["answered"]]
    return f"{statistics.median(shares) * 100:.1f} %" if shares else ""


def microseconds(rows, field: str) -> str:
    return f"{median(rows, field) / 1e3:.1f}"


def cases(found: dict) -> str:
    rows = []
    for case in CASES:
        of_case = found["cases"].get(case.name, {})
        for name in (REFLECTOR, FAST):
            if not (measured := of_case.get(name)):
                continue
            ratio = ""
            if name == FAST and (ratios := p99_ratios(of_case)):
                ratio = f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} – {max(ratios):.2f})"
            resolved = [one["resolved"] for one in measured if one["resolved"] is not None]
            rows.append((case.title, TITLES[name], millions(median(measured, "offered")),
                         sum(one["asked"] for one in measured), sum(one["answered"] for one in measured),
                         microseconds(measured, "p50_ns"), microseconds(measured, "p99_ns"), ratio,
                         f"{sum(resolved)} of {found['gateways'] * len(resolved)}" if resolved else ""))
    return table(("meanwhile", "responder", "offered in all, M/s", "asked", "answered", "p50, µs", "p99, µs",
                  "p99 × reflector", "gateways resolved"), rows)


def p99_ratios(of_case: dict) -> list[float]:
    """Round by round; a round in which nothing was timed has none."""
    return [ours["p99_ns"] / theirs["p99_ns"] for ours, theirs in zip(of_case.get(FAST, []), of_case.get(REFLECTOR, []))
            if ours["p99_ns"] and theirs["p99_ns"]]


def section(found: dict) -> str:
    if not found:
        return "Not measured."
    return "\n\n".join([METHOD.format(addresses=found["addresses"], each=found["addresses"] // 16), full_speed(found),
                        CASES_METHOD.format(per_second=found["requests_per_second"]), cases(found),
                        *(f"Not measured: {one}" for one in found["failed"])])


LOOKUP_TITLES = {"xdp-tx": "no table", "xdp-tx-index": "arpline's index (`bpf/shared/lookups.h`)",
                 "xdp-tx-hash": "a BPF hash"}
LOOKUP_METHOD = """The bare XDP_TX reflector, which answers only for what it finds: one requester, all endpoints at
random. *Of no table*: what the look-up leaves of the rate of the same program without one."""


def lookups(found: dict) -> str:
    if not found:
        return "Not measured."
    rows = []
    for mode, of_lab in found["answered"].items():
        for lab, rates in of_lab.items():
            bare = found["answered"]["xdp-tx"][lab]
            rows.append((LOOKUP_TITLES[mode], found["endpoints"][lab], f"**{millions(statistics.median(rates))}**",
                         f"{millions(min(rates))} – {millions(max(rates))}",
                         f"{statistics.median(a / b for a, b in zip(rates, bare) if b):.3f}"))
    heading = ("look-up", "endpoints", "answered, M/s", "least – most", "of no table")
    return f"{LOOKUP_METHOD}\n\n{table(heading, rows)}"
