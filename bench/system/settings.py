# SPDX-License-Identifier: Apache-2.0
"""The durations and sizes of a run's measurements."""
from dataclasses import dataclass

COMMON_VERDICTS = ("wire/(empty|reflector|not_arp/row|ring|to_child_new|to_child_excess|foreign|not_served|reply)|"
                   "egress/(confirms|not_arp)|header")


@dataclass(frozen=True)
class Discovery:
    samples: int  # changes of each kind, one at a time
    boxes: int  # containers that have these changes
    crowd: int  # containers at once
    starts: int
    rounds: int  # rounds in which the crowd is made and deleted
    settle_seconds: float  # time for the announcements after a start
    idle_seconds: float
    changes_per_second: int = 1_000


@dataclass(frozen=True)
class Protocol:
    quiet_pings: int  # 4 s apart
    moves: int
    refresh_seconds: int  # the refresh period
    watch_seconds: float
    carriers: int
    pps: int = 100_000
    settle_seconds: float = 1.0
    down_seconds: float = 3.0  # the kernel reports a carrier loss up to a second late


@dataclass(frozen=True)
class FastPath:
    rounds: int
    seconds: float  # at full speed
    case_seconds: float
    addresses: int = 65_536  # of the case with many addresses; a multiple of 16
    warm_seconds: float = 0.3
    rate: int | None = None  # instead of full speed
    flood_share: float = 1.0  # factor for the cases' rates
    with_others: bool = True  # also measure the reflector and the kernel


@dataclass(frozen=True)
class Attacks:
    rounds: int
    seconds: float
    rate: int = 300_000  # of the flood, frames/s
    warm_seconds: float = 0.3
    with_kernel: bool = True


@dataclass(frozen=True)
class Settings:
    rounds: int
    seconds: float  # at full speed
    rates: tuple  # frames a second, for the curves
    rate_seconds: float
    curve_rounds: int
    stream_rounds: int  # rounds with traffic that is not ARP
    control_rounds: int  # rounds with the empty program on both sides: the error of the method
    stream_seconds: int  # at least 1, iperf3's minimum
    micro_arguments: tuple
    discovery: Discovery
    fast_path: FastPath
    protocol: Protocol
    attacks: Attacks
    replay_frames: int = 1_000_000
    engine_frames: int = 1_000_000  # per round
    scrapes: int = 30
    watch_rate: int = 1_000_000  # frames/s
    scrape_settle_seconds: float = 15.0
    warm_seconds: float = 0.3
    full_speed: bool = True
    # On a veth arplined checks every 250 ms whether the peer has a program, the meter, without which no XDP_TX arrives.
    settle_ms: int = 500


FULL = Settings(rounds=5, seconds=3.0, rates=(50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000),
                rate_seconds=1.0, curve_rounds=3, stream_rounds=12, control_rounds=6, stream_seconds=1,
                micro_arguments=("--benchmark_repetitions=3", "--benchmark_min_time=0.1"),
                discovery=Discovery(samples=200, boxes=50, crowd=1_000, starts=5, rounds=10, settle_seconds=25,
                                    idle_seconds=20),
                fast_path=FastPath(rounds=5, seconds=3.0, case_seconds=5.0),
                protocol=Protocol(quiet_pings=75, moves=20, refresh_seconds=60, watch_seconds=60.0, carriers=5),
                attacks=Attacks(rounds=5, seconds=2.0))
QUICK = Settings(rounds=3, seconds=1.0, rates=(100_000, 500_000, 2_000_000), rate_seconds=0.5, curve_rounds=1,
                 stream_rounds=3, control_rounds=0, stream_seconds=1,
                 micro_arguments=(f"--benchmark_filter={COMMON_VERDICTS}", "--benchmark_min_time=0.02"),
                 discovery=Discovery(samples=30, boxes=10, crowd=100, starts=2, rounds=2, settle_seconds=3,
                                     idle_seconds=5),
                 fast_path=FastPath(rounds=1, seconds=1.0, case_seconds=2.0),
                 protocol=Protocol(quiet_pings=6, moves=5, refresh_seconds=60, watch_seconds=10.0, carriers=2),
                 attacks=Attacks(rounds=1, seconds=1.0))
# Checks only that each responder answers and that the report is made.
SMOKE = Settings(rounds=1, seconds=0.3, rates=(5_000,), rate_seconds=0.3, curve_rounds=1,
                 stream_rounds=1, control_rounds=0, stream_seconds=1,
                 micro_arguments=("--benchmark_filter=wire/(empty|reflector|lease_expired)|header/reply",
                                  "--benchmark_min_time=0.01"),
                 discovery=Discovery(samples=3, boxes=3, crowd=8, starts=1, rounds=2, settle_seconds=0,
                                     idle_seconds=0.5, changes_per_second=100),
                 fast_path=FastPath(rounds=1, seconds=0.2, case_seconds=0.4, addresses=64, warm_seconds=0,
                                    rate=5_000, flood_share=0.01, with_others=False),
                 protocol=Protocol(quiet_pings=1, moves=1, refresh_seconds=1, watch_seconds=1.0, carriers=1,
                                   settle_seconds=0.2),
                 attacks=Attacks(rounds=1, seconds=0.2, rate=3_000, warm_seconds=0, with_kernel=False),
                 replay_frames=2_000, engine_frames=20_000, scrapes=2, watch_rate=5_000,
                 scrape_settle_seconds=0.0, warm_seconds=0.0, full_speed=False, settle_ms=300)
