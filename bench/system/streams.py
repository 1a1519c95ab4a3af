# SPDX-License-Identifier: Apache-2.0
"""
Traffic that is not ARP, through the parent to a child: arplined against an empty XDP program.

The throughput of iperf3 varies by several per cent from second to second, on shared machines more than any program
here costs. So two equal hosts carry the same traffic at the same time, one with each program, and the compared value is
packets per second of CPU time of each parent's NAPI: a disturbance of the machine slows both down. Then the programs
change sides.
"""
import json
import math
import subprocess
import time

from lab import CommandError

from contestants import limit
from labs import LEFT, RIGHT
from running import GENERATOR_CPU, NAPI_CPU, Process, without_fast_path

# The small MSS keeps 64-byte writes from being merged into packets of 1,400; the small windows make all flows alike.
ARGUMENTS = {"udp": ("-u", "-l", 18, "-b", 0), "tcp": ("-l", 64, "-N", "-M", 100, "-w", "16K", "-P", 4)}
TITLES = {"udp": "UDP, 18 bytes a packet", "tcp": "TCP, 64 bytes a write, MSS 100, 4 flows"}


def received_per_second(report: dict) -> float:
    """The receiver's rate in iperf3's report: packets for UDP, bytes for TCP."""
    end = report["end"]
    if "sum_received" in end:
        return end["sum_received"]["bits_per_second"] / 8
    return (end["sum"]["packets"] - end["sum"]["lost_packets"]) / end["sum"]["seconds"]


def client(place, protocol: str, seconds: int):
    argv = ["taskset", "-c", GENERATOR_CPU, "iperf3", "-c", place.host.children[0].address, "-t", seconds, "-J",
            *ARGUMENTS[protocol]]
    return place.peer.ns.spawn(*argv, stdout=subprocess.PIPE)


def at_once(both, protocol: str, seconds: int) -> list[dict]:
    before = [(place.host.received_packets(), place.napi_ns()) for place in both]
    clients = [client(place, protocol, seconds) for place in both]
    reports = [json.loads(one.communicate(timeout=seconds + 30)[0]) for one in clients]
    if errors := [report["error"] for report in reports if "error" in report]:
        raise CommandError(f"iperf3: {errors[0]}")
    found = []
    for place, (packets, napi_ns), report in zip(both, before, reports):
        found.append({"capacity": (place.host.received_packets() - packets) / (place.napi_ns() - napi_ns) * 1e9,
                      "throughput": received_per_second(report)})
    return found


def with_programs(both, starts, protocol: str, seconds: int) -> list[dict]:
    running = []
    try:
        for place, start in zip(both, starts):
            running.append(start(place.host))
        time.sleep(0.1)
        return at_once(both, protocol, seconds)
    finally:
        for one in running:
            one.stop()


def change_sides(both, program, settings, protocol: str) -> dict:
    """The ratio of the program to the empty one; measuring on both sides cancels differences between the sides."""
    empty = limit("pass")
    empty_left, ours_right = with_programs(both, (empty, program), protocol, settings.stream_seconds)
    ours_left, empty_right = with_programs(both, (program, empty), protocol, settings.stream_seconds)

    def ratio(field):
        return math.sqrt(ours_right[field] / empty_left[field] * ours_left[field] / empty_right[field])
    return {"capacity": ratio("capacity"), "throughput": ratio("throughput"),
            "empty": (empty_left["capacity"] + empty_right["capacity"]) / 2,
            "program": (ours_left["capacity"] + ours_right["capacity"]) / 2}


def compare(places, settings, protocol: str, say) -> dict:
    both = [places.of(LEFT), places.of(RIGHT)]
    servers = []
    found = {"title": TITLES[protocol], "arplined": [], "control": []}
    try:
        for place in both:
            servers.append(Process(place.host, ["iperf3", "-s", "--forceflush"], "listening",
                                   ns=place.host.children[0].ns, cpus={NAPI_CPU}))
        for name, program, rounds in (("arplined", without_fast_path, settings.stream_rounds),
                                      ("control", limit("pass"), settings.control_rounds)):
            for _ in range(rounds):
                found[name].append(change_sides(both, program, settings, protocol))
                say(f"{protocol}, {name}: {found[name][-1]['capacity']:.3f} of what passes an empty program")
    finally:
        for server in servers:
            server.stop()
    return found
