# SPDX-License-Identifier: Apache-2.0
"""
The choice between the program and the ring: it follows from the configuration, the veth's other end and the driver, and
the status shows it.
"""
import pytest
from common import (announcements, confirm, endpoint, exchange, fast_path_warning, frames, run, verdict, wait_until,
                    who_has)
from lab.wire import Wire
from test_reload import reload

RATE = 400


def fast_path_is(host, word):
    wait_until(lambda: host.status()["fast_path"] == word, 5, f"the fast path is {word}")


def answers(host, wire, child, by, requests=5):
    """Expects that all answers come from the program ("reflected") or all from the engine ("ringed")."""
    before = endpoint(host, child)
    for _ in range(requests):
        assert len(wire.replies(who_has(child), 1.0)) == 1
    after = endpoint(host, child)
    other = {"reflected": "ringed", "ringed": "reflected"}[by]
    assert (after[by] - before[by], after[other] - before[other]) == (requests, 0), (before, after)


def test_program_answers_while_it_may_and_the_engine_for_the_excluded(serve):
    host, peer, daemon, wire = serve(children=2, config={"mode": "answer"})
    first, second = host.children
    confirm(wire, host, first, second)
    fast_path_is(host, "no_xdp_at_the_other_end")
    assert "fast path off" in host.arpline("status").stdout
    answers(host, wire, first, "ringed")
    peer.load_pass_program()
    fast_path_is(host, "on")
    for child in (first, second):
        answers(host, wire, child, "reflected")
    reload(host, daemon, f'[parent.nic0]\nfast_path_exclude = [{{ address = "{second.address}" }}]\n')
    assert endpoint(host, first)["fast_path"] and not endpoint(host, second)["fast_path"]
    answers(host, wire, first, "reflected")
    answers(host, wire, second, "ringed")
    reload(host, daemon, {"parent": {"nic0": {"fast_path": False}}})
    fast_path_is(host, "off")
    answers(host, wire, first, "ringed")
    reload(host, daemon, {"mode": "answer"})
    fast_path_is(host, "on")
    answers(host, wire, second, "reflected")
    peer.unload_program()
    fast_path_is(host, "no_xdp_at_the_other_end")
    answers(host, wire, second, "ringed")


# Frames that XDP sends on a veth arrive only if the other end has an XDP program too.

def answers_by(wire, host, way):
    before = verdict(host, way)
    assert len(wire.replies(who_has(host.children[0]), 1.0)) == 1
    return verdict(host, way) == before + 1


def test_veth_without_a_program_at_its_other_end_is_served_by_the_ring_and_status_warns(serve):
    host, peer, daemon, wire = serve()
    confirm(wire, host, host.children[0])
    assert fast_path_warning(host) and answers_by(wire, host, "ring")
    peer.load_pass_program()
    wait_until(lambda: not fast_path_warning(host), 5, "the fast path comes on")
    assert answers_by(wire, host, "reflect") and "the fast path is on" in daemon.log
    peer.unload_program()
    wait_until(lambda: fast_path_warning(host), 5, "the fast path goes off")
    assert answers_by(wire, host, "ring")


@pytest.mark.alone
def test_program_taken_off_the_other_end_costs_what_is_asked_until_the_next_look(serve_fast):
    host, peer, _, wire = serve_fast()
    confirm(wire, host, host.children[0])
    steps = [(0.5, peer.unload_program), (1.5, peer.load_pass_program)]

    def on_tick(elapsed):
        if steps and elapsed >= steps[0][0]:
            steps.pop(0)[1]()
    sent, found = exchange(wire, lambda _: who_has(host.children[0]), RATE, 2.5, on_tick)
    lost = sent - sum(one.op == frames.REPLY for one in found)
    assert not steps and 0 <= lost <= RATE / 2, f"lost {lost}"
    wait_until(lambda: not fast_path_warning(host), 5, "the fast path is on again")
    assert answers_by(wire, host, "reflect")


def test_fast_path_follows_the_other_ends_program_at_once_and_loses_no_frame(serve_fast):
    """arplined reacts to the netlink event, because frames that XDP sends meanwhile are lost."""
    host, peer, _, wire = serve_fast()
    child = host.children[0]
    confirm(wire, host, child)
    for step in ("off", "on"):
        if step == "off":
            peer.ns.ip("link", "set", "dev", peer.nic, "xdpdrv", "off")
        else:
            peer.load_pass_program()
        answers = 0
        for _ in range(20):
            answers += len(wire.replies(who_has(child), 0.5))
        assert answers >= 19, f"{answers} of 20 after {step}"
        wait_until(lambda one=step: bool(fast_path_warning(host)) == (one == "off"), 5, f"it is {step}")


# The ring exists only where frames can enter it.

def test_without_a_ring_budget_there_is_no_socket_and_the_queues_can_be_changed(serve_fast):
    host, peer, daemon, wire = serve_fast(queues=2)
    child = host.children[0]
    confirm(wire, host, child)
    assert host.status()["queues"] == 0
    before = verdict(host, "reflect")
    assert len(wire.replies(who_has(child), 1.0)) == 1 and verdict(host, "reflect") == before + 1
    assert announcements(wire.collect(3.0), child) or endpoint(host, child)["announced_seconds_ago"] is not None
    # XDP_TX needs at least as many receive queues here as the other end has transmit queues.
    peer.ns.run("ethtool", "-L", peer.nic, "tx", 1)
    done = host.ns.run("ethtool", "-L", host.nic, "rx", 1, check=False)
    assert done.returncode == 0, done
    assert len(wire.replies(who_has(child), 1.0)) == 1
    assert daemon.running()


@pytest.mark.alone
def test_ring_is_made_and_closed_with_its_budget_and_loses_no_frame(serve_fast):
    host, _, _, wire = serve_fast()
    child = host.children[0]
    confirm(wire, host, child)
    for rate, queues, counter in ((1000, 1, "ring"), (0, 0, "reflect")):
        done = []

        def once(elapsed, rate=rate, done=done):
            if elapsed > 0.7 and not done:
                done.append(host.arpline("limit", "ring", str(rate)))
        before = verdict(host, counter)
        sent, found = exchange(wire, lambda _: who_has(child), 300, 2.0, once)
        assert len([one for one in found if one.op == frames.REPLY]) == sent
        assert done and done[0].returncode == 0, done
        assert host.status()["queues"] == queues and verdict(host, counter) > before


# Drivers that do not send XDP's answers.

def way_around_the_mtu(lab, peer):
    """A wire that bypasses the MTU of the peer's NIC for requests; the answers must respect it."""
    ns = peer.ns
    lab.veth(ns, "around0", ns, "around1")
    ifindex = int(ns.run("cat", f"/sys/class/net/{peer.nic}/ifindex", sysfs=True).stdout)
    source, target = lab.folder / "around.bpf.c", lab.folder / "around.bpf.o"
    source.write_text("#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n"
                      'SEC("tc") int around(struct __sk_buff *skb) '
                      f"{{ return bpf_redirect({ifindex}, 0); }}\n"
                      'char _license[] SEC("license") = "Dual BSD/GPL";\n', encoding="utf-8")
    triplet = run("gcc", "-print-multiarch").stdout.strip()
    run("clang", "-O2", "-g", "-target", "bpf", "-isystem", f"/usr/include/{triplet}", "-c", source, "-o", target)
    ns.run("tc", "qdisc", "add", "dev", "around1", "clsact")
    ns.run("tc", "filter", "add", "dev", "around1", "ingress", "bpf", "da", "obj", target, "sec", "tc")
    return lab.closing(Wire(ns, "around0"))


@pytest.mark.timeout(90)
def test_fast_path_is_off_for_a_while_when_the_driver_refuses_its_answers(lab, serve_fast):
    """The program counts such answers as sent. The driver refuses them because they exceed the other end's MTU."""
    host, peer, daemon, wire = serve_fast()
    child = host.children[0]
    confirm(wire, host, child)
    if host.status()["reflect_refused"] is None:
        pytest.skip("this kernel has no trace points with BTF")
    around = way_around_the_mtu(lab, peer)
    peer.ns.ip("link", "set", peer.nic, "mtu", 68)
    long = who_has(child).ljust(120, b"\0")

    def is_off():
        for _ in range(50):
            around.send(long)
        return host.status()["fast_path"] == "refused_by_the_driver"
    wait_until(is_off, 10, lambda: f"the fast path is off: {host.status()}")
    refused = host.status()["reflect_refused"]
    assert refused >= 32 and any("does not send what XDP answers" in one for one in host.status()["warnings"])
    assert "answers that the driver did not send" in host.arpline("status").stdout
    assert "the fast path is off for a while" in daemon.log, daemon.log
    peer.ns.ip("link", "set", peer.nic, "mtu", 1500)
    assert [one.sha for one in wire.replies(who_has(child), 1.0)] == [child.mac], "not by the fast path"
    wait_until(lambda: host.status()["fast_path"] == "on", 20, "it is tried again")
    before = verdict(host, "reflect")
    assert len(wire.replies(who_has(child), 1.0)) == 1 and verdict(host, "reflect") == before + 1
