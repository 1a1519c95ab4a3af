# SPDX-License-Identifier: Apache-2.0
"""Measures the responders in interleaved rounds, so that a slow minute of the machine affects all of them."""
import subprocess
import time

from lab import CommandError

import machine
from contestants import CONTESTANTS

PAUSE_SECONDS = 0.2  # lets the kernel's queues drain


def sample(place, contestant, running, seconds: float, rate=None, latency=False, traffic=()) -> dict:
    """Rates are frames a second. `latency` makes the meter match answers to requests, which costs much CPU time."""
    before, cpu = running.counters(), running.cpu_seconds()
    report = place.ask(seconds, *(() if latency else ("--count-only",)), traffic=traffic,
                       **({"rate": rate} if rate else {}))
    cpu = running.cpu_seconds() - cpu
    verdicts = {name: (count - before[name]) / report["seconds"] for name, count in running.counters().items()
                if count != before[name]}
    answered = report["answers"][contestant.counts] / report["seconds"]
    offered = report["offered"]["per_second"]
    times = report["latency_ns"]
    found = {"rate": rate, "offered": offered, "answered": answered, "ratio": answered / offered if offered else 0.0,
             "p50_ns": times["p50"], "p99_ns": times["p99"], "cpu": cpu / report["seconds"]}
    if before:
        found |= {"ring": verdicts.get("answered", 0.0), "verdicts": verdicts}
    time.sleep(PAUSE_SECONDS)
    return found


def visit(place, contestant, settings, number: int) -> dict:
    """Measures one contestant in one round: full speed, then the constant rates."""
    busy = machine.busy(PAUSE_SECONDS)
    running = contestant.start(place.host)
    try:
        if settings.warm_seconds:
            place.ask(settings.warm_seconds)
            time.sleep(PAUSE_SECONDS)
        full = [sample(place, contestant, running, settings.seconds)] if settings.full_speed else []
        rates = settings.rates if number < settings.curve_rounds else ()
        curve = [sample(place, contestant, running, settings.rate_seconds, rate, rate == settings.rates[0])
                 for rate in rates]
        return {"busy": [busy], "full": full, "curve": curve}
    finally:
        running.stop()


def responders(places, settings, wanted, say) -> list[dict]:
    """Returns a result per contestant; one that can't run here or does not answer has a reason instead."""
    chosen = [one for one in CONTESTANTS if one.name in wanted]
    results = {one.name: {"name": one.name, "title": one.title, "skipped": one.reason_to_skip(), "failed": "",
                          "busy": [], "full": [], "curve": []} for one in chosen}
    for number in range(settings.rounds):
        for one in chosen if number % 2 == 0 else reversed(chosen):
            result = results[one.name]
            if result["skipped"] or result["failed"]:
                continue
            try:
                found = visit(places.of(one.lab), one, settings, number)
            except (CommandError, subprocess.TimeoutExpired) as error:
                result["failed"] = str(error)
                continue
            for kind, samples in found.items():
                result[kind] += samples
            if any(one["answered"] == 0 for one in found["full"] + found["curve"]):
                result["failed"] = "it did not answer"
            shown = (found["full"] or found["curve"])[0]
            say(f"round {number + 1} of {settings.rounds}: {one.name}: {shown['answered'] / 1e6:.3f} of "
                f"{shown['offered'] / 1e6:.3f} M/s")
    return list(results.values())
