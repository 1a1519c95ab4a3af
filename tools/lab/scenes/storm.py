# SPDX-License-Identifier: Apache-2.0
"""A storm: who-has for every container at a rate that the kernel's one broadcast queue can't carry."""
import json
import os
import subprocess

from .. import ROOT, Lab, arpgen, arpline, wired
from . import Outcome

NAME = "storm"
CHILDREN = 64
PER_SECOND = 100_000
SECONDS = 5
WARM = 2_000  # who-has/s that teach the children's kernels the requester, and arpline that they answer
TITLE = "A storm of who-has"
STORY = f"""\
{CHILDREN} macvlan containers share a host's NIC. The wire floods who-has for them, {PER_SECOND:,} a second, as after a
power cut, when every neighbour asks at once. The kernel puts each one into the parent's only broadcast queue and clones
it for every container; when the queue is full, who-has requests die in it."""


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def build(lab):
    host, peer = wired(lab, CHILDREN)
    # The host has a CPU for itself, so that a slow answer can't slow down the one who asks.
    host.threaded_napi(1 if os.cpu_count() > 1 else None)
    return host, peer


def command(host, peer) -> list[str]:
    targets = f"{host.children[0].address}-{host.children[-1].address}"
    return [arpgen(), "run", "--interface", peer.nic, "--preset", "storm", "--to", targets, "--cpu", "0"]


def storm(host, peer) -> dict:
    """Its report; a line a second while it runs."""
    words = ["--rate", PER_SECOND, "--seconds", SECONDS, "--live", "--format", "json"]
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


def percent(ratio: float) -> str:
    """Never rounded up to all of it."""
    return f"{int(ratio * 1000) / 10:g} %"


def play(keep=False) -> Outcome:
    before = without_arpline()
    after, lines = with_arpline(keep)
    return Outcome(rows=[
        (f"answered of {PER_SECOND:,} who-has/s", percent(before["answers"]["ratio"]), percent(after["answers"]["ratio"]),
         "100 %"),
    ], hints=lines)
