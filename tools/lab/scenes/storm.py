# SPDX-License-Identifier: Apache-2.0
"""A storm: who-has for every container at a rate that the kernel's one broadcast queue can't carry."""
import json
import subprocess

from .. import ROOT, Lab, arpgen, arpline, wired
from . import Outcome

NAME = "storm"
CHILDREN = 64
PER_SECOND = 300_000
SECONDS = 5
DEADLINE_MS = 500
WARM = 2_000  # who-has/s that teach the children's kernels the requester, and arpline that they answer
TITLE = "A storm of who-has"
STORY = f"""\
{CHILDREN} macvlan containers share a host's NIC. The wire floods who-has for them, {PER_SECOND:,} a second, as when a
switch loops or every neighbour asks at once. The kernel puts each request into the parent's only broadcast queue and
clones it for every container; when the queue is full, requests die in it. The generator keeps its rate by the clock,
whether or not it is answered; an answer within {DEADLINE_MS} ms counts."""


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def build(lab):
    host, peer = wired(lab, CHILDREN)
    host.ns.run("ethtool", "-K", host.nic, "gro", "on")  # or a veth takes nothing that the kernel sends live
    return host, peer


def command(host, peer) -> list[str]:
    targets = f"{host.children[0].address}-{host.children[-1].address}"
    return [arpgen(), "run", "--interface", peer.nic, "--to", targets, "--cpu", "0"]


def storm(host, peer) -> dict:
    """Its report; a line a second while it runs."""
    words = ["--rate", PER_SECOND, "--seconds", SECONDS, "--deadline-ms", DEADLINE_MS, "--live", "--format", "json"]
    process = peer.ns.spawn(*command(host, peer), *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        say(line.rstrip())
    return json.loads(process.communicate(timeout=30)[0])


def without_arpline():
    say("without arpline")
    with Lab() as lab:
        return storm(*build(lab))


def with_arpline(keep):
    say("with arpline: arplined --parent nic0")
    with Lab(keep=keep) as lab:
        host, peer = build(lab)
        host.start_arplined()
        peer.ns.run(*command(host, peer), "--rate", WARM, "--seconds", "1")
        return storm(host, peer), hints(lab, host, peer) if keep else []


def hints(lab, host, peer):
    here = f"nsenter --net={host.ns.path}"
    return [
        "ask as fast as you like, or look for the highest rate at which at most 0.1 % is lost:",
        f"  ip netns exec {peer.ns.name} {' '.join(command(host, peer))} --rate 200k --seconds 5",
        f"  ip netns exec {peer.ns.name} {' '.join(command(host, peer)).replace(' run ', ' search ')}",
        "who answered, the ring or the containers' kernels:",
        f"  {here} {arpline()} status",
        "end the engine, and ask again:",
        f"  kill {lab.daemons[-1].pid}",
        "remove the lab:",
        f"  {ROOT}/tools/lab/remove {lab.id}",
    ]


def thousands(per_second: float) -> str:
    return f"{per_second / 1000:.0f} k"


def offered(report) -> str:
    return thousands(report["offered"]["per_second"])


def percent(ratio: float) -> str:
    """Never rounded up to all of it."""
    return f"{int(ratio * 1000) / 10:g} %"


def play(keep=False) -> Outcome:
    before = without_arpline()
    after, lines = with_arpline(keep)
    answered = after["answers"]["ratio"]
    return Outcome(rows=[
        ("who-has a second, offered", offered(before), offered(after), f"about {thousands(PER_SECOND)}"),
        ("answered", percent(before["answers"]["ratio"]), percent(answered), "over 99 %"),
    ], kept_its_promise=after["offered"]["per_second"] > 0.9 * PER_SECOND and answered > 0.99, hints=lines)
