# SPDX-License-Identifier: Apache-2.0
"""The generator alone: an XDP program at the receiver counts and drops."""
import time

from contestants import limit
from labs import FEW
from measure import PAUSE_SECONDS


def alone(places, settings, say) -> list[dict]:
    """Offered and received frames a second, one row per round."""
    place = places.of(FEW)
    rows = []
    for _ in range(settings.rounds):
        receiver = limit("drop")(place.host)
        try:
            before = receiver.report()["received"]
            report = place.ask(settings.seconds)
            time.sleep(PAUSE_SECONDS)
            received = receiver.report()["received"] - before
        finally:
            receiver.stop()
        rows.append({"offered": report["offered"]["per_second"], "received": received / report["seconds"]})
        say(f"generator alone: {rows[-1]['offered'] / 1e6:.3f} M/s")
    return rows
