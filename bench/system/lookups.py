# SPDX-License-Identifier: Apache-2.0
"""The cost of an endpoint look-up: the bare XDP_TX reflector without and with a table. bench/run --only lookups"""
from contestants import LIMIT
from labs import MANY, WIDE
from running import Process

MODES = ("xdp-tx", "xdp-tx-index", "xdp-tx-hash")
LABS = (MANY, WIDE)


def run(places, settings, say) -> dict:
    """Answered frames a second by mode and lab, one value per round."""
    found = {"endpoints": {lab: places.of(lab).plan.addresses for lab in LABS}, "answered": {}}
    for number in range(settings.fast_path.rounds):
        for lab in LABS:
            for mode in MODES if number % 2 == 0 else reversed(MODES):
                rate = answered(places.of(lab), mode, settings.fast_path)
                found["answered"].setdefault(mode, {}).setdefault(lab, []).append(rate)
                say(f"look-up: {mode}, {found['endpoints'][lab]} endpoints: {rate / 1e6:.3f} M/s")
    return found


def answered(place, mode: str, settings) -> float:
    running = Process(place.host, [LIMIT, mode, "--interface", place.host.nic, "--first-ip", place.address(0),
                                   "--count", place.plan.addresses], "ready")
    try:
        if settings.warm_seconds:
            place.ask(settings.warm_seconds)
        report = place.ask(settings.seconds, "--count-only", **({"rate": settings.rate} if settings.rate else {}))
    finally:
        running.stop()
    return report["answers"]["answered"] / report["seconds"]
