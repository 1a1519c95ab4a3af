# SPDX-License-Identifier: Apache-2.0
"""The report's section about announcing."""
import statistics

from report_tables import table

QUIET = """A container that says nothing, behind a switch that forgets a MAC after 3 s and sends no unknown unicast to
its host. A peer pings it every 4 s; neither kernel verifies its entry. `refresh = "1s"`."""

MOVED = """An address moves between two hosts behind a switch, {count} times, each with another MAC, `arplined` with
its defaults on both. A peer sends 1,000 datagrams a second to it all the time, and never asks. From the new place's
announcement to the first datagram for it, both as the switch's port there sees them: **{median:.2f} ms** ({least:.2f}
– {most:.2f}); a peer that sends every millisecond can't notice in less. Which peers do not believe an announcement:
`docs/protocol.md`."""

REFRESH = """{endpoints} endpoints, each refreshed every {refresh_seconds} s, watched by the peer for {seconds:g} s
(`pps = {pps}`): **{per_second:.2f}** announcements a second of {wanted:.2f}, {distinct} different addresses, at most
**{fullest}** within any 10 ms, whose share is {share:.1f}. `arplined` used {cpu:.1f} % of a core."""

CARRIER = """The parent gets its carrier back (`pps = {pps}`): from before the command that brings it to the last of
{endpoints} endpoints' announcements, as the peer's kernel received them."""


def quiet(found: dict) -> str:
    return table(("", "pings", "lost"), [(name, found[key]["sent"], f"**{found[key]['lost']}**") for name, key in (
        ("with `arplined`", "arplined"), ("without", "kernel"))])


def carriers(rounds) -> str:
    return table(("round", "first, s", "last, s", "endpoints"), [
        (number, f"{one['first']:.3f}", f"**{one['seconds']:.3f}**", one["distinct"])
        for number, one in enumerate(rounds, 1)])


def section(found: dict) -> str:
    if not found:
        return "Not measured."
    moved, refresh, carrier = [one * 1e3 for one in found["moved"]], found["refresh"], found["carrier"]
    shown = {**refresh, "cpu": refresh["cpu"] * 100}
    return "\n\n".join([
        QUIET, quiet(found["quiet"]),
        MOVED.format(count=len(moved), median=statistics.median(moved), least=min(moved), most=max(moved)),
        REFRESH.format(endpoints=found["endpoints"], pps=carrier["pps"], **shown),
        CARRIER.format(endpoints=found["endpoints"], pps=carrier["pps"]), carriers(carrier["rounds"])])
