# SPDX-License-Identifier: Apache-2.0
"""The targets of a run. Ratios are taken within a round; their median over the rounds counts."""
import statistics
from dataclasses import asdict, dataclass

from attacks import ATTACKED, ATTACKS
from engine import FEW, MANY, of
from fast_path import CASES, FAST, KERNEL, ONE, RANDOM, REFLECTOR
from replay import PROMISED
from report_attacks import kept
from report_fast_path import p99_ratios
from scrape import NONE, SOME, loop_ms
from watch import lines_per_second, ratios as watch_ratios

INVALID = "invalid"
NOT_MEASURED = "not measured"
# A greater value means that the bare AF_XDP reflector was not the upper bound that it has to be.
TESTPMD_AT_MOST = 1 / 1.2
# A responder with a greater ratio was not offered enough to show its limit.
ANSWERED_OF_ENOUGH = 0.98


@dataclass
class Judged:
    what: str
    bound: str
    value: float | None
    least: float | None
    most: float | None
    outcome: str


def ratios(results: dict, name: str, field: str, other: str) -> list[float]:
    """Round by round, at full speed."""
    ours, theirs = results.get(name, {}).get("full", []), results.get(other, {}).get("full", [])
    return [a[field] / b["answered"] for a, b in zip(ours, theirs) if b["answered"]]


def judge(what: str, values, at_least=None, at_most=None, unit="") -> Judged:
    bound = f"at least {at_least:g}{unit}" if at_least is not None else f"at most {at_most:.3f}{unit}"
    if not values:
        return Judged(what, bound, None, None, None, NOT_MEASURED)
    median = statistics.median(values)
    reached = median >= at_least if at_least is not None else median <= at_most
    return Judged(what, bound, median, min(values), max(values), "pass" if reached else "fail")


def against_af_xdp(results) -> list[Judged]:
    found = []
    for children in (4, 64):
        name = f"arplined-{children}"
        found += [judge(f"RING, {children} children, against the bare AF_XDP reflector",
                        ratios(results, name, "ring", "af-xdp"), at_least=0.85),
                  judge(f"RING and TO_CHILD, {children} children, against the bare AF_XDP reflector",
                        ratios(results, name, "answered", "af-xdp"), at_least=1.3)]
    return found


def against_testpmd(results) -> list[Judged]:
    def per_cpu(name, field):
        return [one[field] / one["cpu"] for one in results.get(name, {}).get("full", []) if one.get("cpu")]
    pairs = zip(per_cpu("ethdev-64", "ring"), per_cpu("testpmd", "answered"))
    return [judge("RING and TO_CHILD over net_af_xdp against testpmd on it",
                  ratios(results, "ethdev-64", "answered", "testpmd"), at_least=1),
            judge("– RING alone, replies in a CPU second of the process", [ours / theirs for ours, theirs in pairs],
                  at_least=1)]


def of_fast_path(found: dict) -> list[Judged]:
    full, cases = found.get("full", {}), found.get("cases", {})

    def answered(ours, theirs, way=ONE):
        pairs = zip(full.get(ours, {}).get(way, []), full.get(theirs, {}).get(way, []))
        return [a["answered"] / b["answered"] for a, b in pairs if b["answered"]]

    def busy(judged, responder, way=ONE):
        """Whether the responder was saturated: one that answers every request might answer more."""
        samples = full.get(responder, {}).get(way, [])
        if samples and statistics.median(one["ratio"] for one in samples) > ANSWERED_OF_ENOUGH:
            judged.outcome = INVALID
        return judged
    wide = f"{FAST}-wide"
    found_all = [
        busy(judge("fast path, 64 endpoints, one requester, against the bare XDP_TX reflector",
                   answered(FAST, REFLECTOR), at_least=0.90), REFLECTOR),
        busy(judge("– random requesters", answered(FAST, REFLECTOR, RANDOM), at_least=0.80), REFLECTOR, RANDOM),
        busy(judge(f"– {found.get('addresses', 0)} endpoints against 64", answered(wide, FAST), at_least=0.90), FAST),
        judge("fast path against the kernel, 64 children each", answered(FAST, KERNEL), at_least=200)]
    for case in CASES:
        of_case = cases.get(case.name, {})
        measured = of_case.get(FAST, [])
        found_all += [
            judge(f"100 who-has/s during {case.title}: answered",
                  [one["answered"] / one["asked"] for one in measured if one["asked"]], at_least=1),
            judge("– p99 against the bare XDP_TX reflector", p99_ratios(of_case), at_most=1.5)]
        if case.gateways:
            found_all.append(judge("– gateways that the container's kernel resolved, of 20",
                                   [one["resolved"] for one in measured], at_least=found.get("gateways", 0)))
    return found_all


def of_attacks(found: dict) -> list[Judged]:
    judged = []
    for attack in ATTACKS:
        sides = found.get("attacks", {}).get(attack.name, {})
        good = [one["good_answered"] / one["good_asked"] for one in sides.get(ATTACKED, ()) if one["good_asked"]]
        judged += [judge(f"attack: {attack.title}: answered of the flood, against without", kept(sides), at_least=0.9),
                   judge("– of the well-behaved peer's", good, at_least=0.99)]
    return judged


def of_discovery(found: dict) -> list[Judged]:
    def p99(*path, at_most):
        what, values = path[0], found
        for name in path[1:]:
            values = values.get(name, {})
        return judge(f"{what}, p99", [values["p99_ms"]] if values.get("count") else [], at_most=at_most, unit=" ms")

    def grown(one):
        return [one(found["rounds"][-1]) - one(found["rounds"][0])] if found else []
    crowd = found.get("crowd", 0)
    idle = found.get("idle")
    return [
        p99("address added → confirmed, from the event", "added", "from_event", at_most=10),
        p99("child made in another namespace → confirmed, from the interface up", "inside", "from_up", at_most=50),
        p99("address removed → not answered, from the event", "removed", "from_event", at_most=10),
        p99("namespace deleted → not answered, from the event", "deleted", "from_event", at_most=10),
        p99("gone while others change → not answered, from the event", "busy", "from_event", at_most=10),
        p99("all deleted at once → not answered, from the event", "all_deleted", "from_event", at_most=10),
        judge(f"{crowd} containers made and deleted: the part of the rounds that left a right table",
              [sum(one["right"] for one in found["rounds"]) / len(found["rounds"])] if found else [], at_least=1),
        judge("– descriptors, last round less the first", grown(lambda one: one["descriptors"]), at_most=0),
        judge("– namespace ids, last round less the first", grown(lambda one: one["namespace_ids"]), at_most=0),
        judge("– resident memory, last round less the first", grown(lambda one: one["memory"]["all"]), at_most=1,
              unit=" MB"),
        judge(f"start with {crowd} containers: all known", found.get("starts", []), at_most=1, unit=" s"),
        judge(f"idle with {crowd} containers: CPU", [idle["cpu"] * 100] if idle else [], at_most=1,
              unit=" % of a core"),
        judge(f"idle with {crowd} containers: resident", [idle["memory"]["all"]] if idle else [], at_most=64,
              unit=" MB")]


def of_protocol(found: dict) -> list[Judged]:
    refresh, rounds = found.get("refresh"), found.get("carrier", {}).get("rounds", [])
    count = found.get("endpoints", 0)
    return [
        judge("quiet container, the switch forgets after 3 s, refresh 1 s: pings lost",
              [found["quiet"]["arplined"]["lost"]] if found else [], at_most=0),
        judge("moved address: the peer's outage from the announcement", [one * 1e3 for one in found.get("moved", ())],
              at_most=50, unit=" ms"),
        judge(f"{count} endpoints refreshed: their pace is off by",
              [abs(refresh["per_second"] / refresh["wanted"] - 1) * 100] if refresh else [], at_most=1, unit=" %"),
        judge("– the fullest 10 ms, in shares of it", [refresh["fullest"] / refresh["share"]] if refresh else [],
              at_most=2),
        judge(f"{count} endpoints announced after carrier up: the last one",
              [one["seconds"] for one in rounds], at_most=1, unit=" s")]


def of_engine(found: dict) -> list[Judged]:
    few, many = of(found, FEW, "decide"), of(found, MANY, "decide")
    return [judge(f"engine over a device in memory: decide, {FEW} endpoints", few, at_most=60, unit=" ticks"),
            judge(f"– {MANY} endpoints at random against {FEW}", [a / b for a, b in zip(many, few)], at_most=1.5)]


def of_scrape(found: dict) -> list[Judged]:
    return [judge(f"scrape of {found.get('endpoints', 0)} endpoints: the control loop", loop_ms(found, NONE), at_most=5,
                  unit=" ms"),
            judge(f"– {SOME} of them with series of their own", loop_ms(found, SOME), at_most=20, unit=" ms")]


def of_watch(found: dict) -> list[Judged]:
    return [judge("watched at 1 M frames/s: answered, against without a watcher", watch_ratios(found), at_least=0.98),
            judge("– lines a second", lines_per_second(found), at_most=1_000)]


def all_of(document: dict) -> list[dict]:
    results = {one["name"]: one for one in document["responders"]}
    testpmd = judge("testpmd against the bare AF_XDP reflector", ratios(results, "testpmd", "answered", "af-xdp"),
                    at_most=TESTPMD_AT_MOST)
    rested = against_af_xdp(results)
    if testpmd.outcome == "fail":
        testpmd.outcome = INVALID
        for one in rested:
            one.outcome = INVALID if one.outcome != NOT_MEASURED else NOT_MEASURED
    found = [*rested, *against_testpmd(results),
             judge("RING and TO_CHILD against the kernel, 64 children each",
                   ratios(results, "arplined-64", "answered", "kernel-64"), at_least=25), testpmd,
             judge("generator alone, M frames/s", [row["received"] / 1e6 for row in document["generator"]], at_least=2)]
    for protocol, stream in document["streams"].items():
        found.append(judge(f"{protocol.upper()} through arplined against an empty XDP program",
                           [row["capacity"] for row in stream["arplined"]], at_least=0.98))
    found += of_fast_path(document["fast_path"])
    found += of_attacks(document.get("attacks", {}))
    found += of_discovery(document["discovery"])
    found += of_protocol(document.get("protocol", {}))
    found += of_scrape(document.get("scrape", {}))
    found += of_watch(document.get("watch", {}))
    found.append(judge("arpline replay, M frames/s", [one["frames"] / one["seconds"] / 1e6
                                                      for one in document["replay"].get("rounds", ())],
                       at_least=PROMISED / 1e6))
    found += of_engine(document.get("engine", {}))
    return [asdict(one) for one in found]


def missed(judged) -> bool:
    return any(one["outcome"] in ("fail", INVALID) for one in judged)
