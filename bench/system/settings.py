# SPDX-License-Identifier: Apache-2.0
"""How long a run measures what."""
from dataclasses import dataclass

COMMON_VERDICTS = ("wire/(empty|reflector|not_arp/row|ring|to_child_new|to_child_excess|foreign|not_served|reply)|"
                   "egress/(confirms|not_arp)|header")


@dataclass(frozen=True)
class Settings:
    rounds: int
    seconds: float  # at full speed
    rates: tuple  # frames a second, for the curves
    rate_seconds: float
    curve_rounds: int
    stream_rounds: int  # of traffic that is not ARP
    control_rounds: int  # the same with the empty program on both sides: how far from 1 the method itself may be
    stream_seconds: int  # iperf3 takes no less than one
    micro_arguments: tuple
    warm_seconds: float = 0.3
    full_speed: bool = True


FULL = Settings(rounds=5, seconds=3.0, rates=(50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000),
                rate_seconds=1.0, curve_rounds=3, stream_rounds=12, control_rounds=6, stream_seconds=1,
                micro_arguments=("--benchmark_repetitions=3", "--benchmark_min_time=0.1"))
QUICK = Settings(rounds=3, seconds=1.0, rates=(100_000, 500_000, 2_000_000), rate_seconds=0.5, curve_rounds=1,
                 stream_rounds=3, control_rounds=0, stream_seconds=1,
                 micro_arguments=(f"--benchmark_filter={COMMON_VERDICTS}", "--benchmark_min_time=0.02"))
# Only that each one answers, and that the report is made.
SMOKE = Settings(rounds=1, seconds=0.3, rates=(5_000,), rate_seconds=0.3, curve_rounds=1,
                 stream_rounds=1, control_rounds=0, stream_seconds=1,
                 micro_arguments=("--benchmark_filter=wire/(empty|reflector|lease_expired)|header/reply",
                                  "--benchmark_min_time=0.01"),
                 warm_seconds=0.0, full_speed=False)
