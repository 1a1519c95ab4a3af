# SPDX-License-Identifier: Apache-2.0
"""arplined-dpdk: DPDK's net_af_xdp on the program that the daemon has attached and pinned."""
import json
import os

import test_restart as restarts
import test_under_load as loads
import test_withdrawal as withdrawals
from common import (Lab, confirm, endpoint, frames, link_id, options, residue, run, serve, verdict, wait_state,
                    wait_until, who_has)
from containers import served
from test_reload import refused_reload, reload, start

ETHDEV = {"parent": {"nic0": {"port": "ethdev"}}}
KEEP = {"parent": {"nic0": {"port": "ethdev", "on_stop": "keep"}}}


def program_id(host) -> int:
    """Of the XDP program that the link holds."""
    return json.loads(run("bpftool", "-j", "link", "show", "pinned",
                          f"{host.status()['pins']}/ingress_link").stdout)["prog_id"]


def test_net_af_xdp_answers_what_the_kernel_has_said():
    with Lab() as lab:
        host, _, _, wire = serve(lab, children=2, config=ETHDEV)
        for child in host.children:
            first = wire.replies(who_has(child), 1.0)
            before = verdict(host, "ring")
            second = wire.replies(who_has(child), 1.0)
            assert verdict(host, "ring") == before + 1
            assert [one.bytes_without_padding for one in first] == [one.bytes_without_padding for one in second] != []
        wait_until(lambda: host.status()["engine_verdicts"]["answered"] == 2, 2, "both answers are counted")


def test_containers_reach_and_are_reached():
    with Lab() as lab:
        host, peer, _, _ = serve(lab, children=2, config=ETHDEV)
        one, other = host.children
        assert peer.ping(one.address).answered == 3
        assert one.ping("10.77.0.1").answered == 3
        assert one.ping(other.address).answered == 3


@options(alone=True, timeout=60)
def test_every_request_is_answered_once():
    loads.every_request_is_answered_once(ETHDEV)


def test_both_queues_are_served():
    with Lab() as lab:
        host, peer, _, wire = serve(lab, config=ETHDEV, queues=2)
        confirm(wire, host, host.children[0])
        for queue in (0, 1):
            peer.aim_at_queue(queue, 2)
            before = verdict(host, "ring")
            assert len(wire.replies(who_has(host.children[0]), 1.0)) == 1
            assert verdict(host, "ring") == before + 1, f"queue {queue} has no ring"


# Restarts and crashes.

def test_program_and_link_survive_kill_9_and_the_next_start_serves_on():
    with Lab() as lab:
        host, peer, daemon, wire = serve(lab, children=2, config=ETHDEV)
        confirm(wire, host, *host.children)
        link = link_id(host.status()["pins"])
        daemon.kill9()
        left = residue(host)
        assert "an XDP program on the parent" in left, left
        assert peer.ping(host.children[0].address).answered == 3
        second = host.start_arplined(ETHDEV)
        assert link_id(host.status()["pins"]) == link, "the program was attached anew"
        for child in host.children:
            served(wire, host, child)
        assert second.stop() == 0
        assert not residue(host), residue(host)
        assert peer.ping(host.children[0].address).answered == 3


@options(alone=True)
def test_kill_9_and_a_new_start_lose_at_most_the_window():
    restarts.kill_9_and_a_new_start(ETHDEV)


@options(alone=True)
def test_restart_with_keep_loses_nothing_and_answers_nothing_twice():
    restarts.restart_with_keep(serve, "ring", KEEP)


@options(alone=True)
def test_five_restarts_in_a_row_lose_nothing():
    restarts.five_restarts(KEEP)


@options(alone=True, timeout=90)
def test_hung_daemon_costs_at_most_the_window_and_says_nothing_stale():
    loads.hang(ETHDEV)


@options(alone=True, timeout=90)
def test_kill_restart_and_stop_cost_at_most_the_window():
    loads.kill_restart_and_stop(ETHDEV)


def test_frames_that_wait_too_long_are_not_answered():
    """The age stands in front of the frame, where DPDK could have put something else."""
    with Lab() as lab:
        host, _, daemon, wire = serve(lab, config=ETHDEV)
        child = host.children[0]
        confirm(wire, host, child)
        before = verdict(host, "ring")
        daemon.sigstop()
        for _ in range(10):
            wire.send(who_has(child))
        wait_until(lambda: verdict(host, "ring") == before + 10, 5,
                   lambda: f"they are in the ring: {host.status()['verdicts']}")
        wait_until(lambda: host.status()["lease"] == "expired", 5, "the lease is expired")
        assert not wire.collect(0.5), "the ring answers although nobody runs"
        assert len(wire.replies(who_has(child), 1.0)) == 1, "the kernel does not answer"
        daemon.sigcont()
        wait_until(lambda: host.status()["engine_verdicts"]["stale"] == 10, 5,
                   lambda: f"ten frames are stale: {host.status()['engine_verdicts']}")
        assert not [one for one in wire.collect(0.5) if one.op == frames.REPLY]


@options(alone=True, timeout=60)
def test_idle_daemon_costs_next_to_nothing():
    with Lab() as lab:
        _, _, daemon, _ = serve(lab, children=16, config=ETHDEV)
        loads.idle(daemon)


# Withdrawal.

def test_deleted_container_is_not_answered():
    withdrawals.withdrawn(lambda child: child.delete(), None, more=ETHDEV)


def test_interface_that_is_down_is_not_answered():
    withdrawals.withdrawn(lambda child: child.link("down"), "not_served", "down", more=ETHDEV)


# Reload.

@options(timeout=90)
def test_devices_are_closed_and_opened_again_with_every_change_of_the_mode():
    """libxdp keeps one descriptor of the program each time; of sockets, threads and memory nothing is left."""
    with Lab() as lab:
        host, _, daemon, wire = serve(lab, config=ETHDEV)
        child = host.children[0]
        confirm(wire, host, child)

        def sockets():
            links = run("find", f"/proc/{daemon.pid}/fd", "-lname", "socket:*").stdout
            return len(links.splitlines())
        at_first, left = sockets(), []
        for _ in range(5):
            reload(host, daemon, {**ETHDEV, "mode": "observe"})
            assert len(wire.replies(who_has(child), 1.0)) == 1
            reload(host, daemon, ETHDEV)
            before = verdict(host, "ring")
            assert len(wire.replies(who_has(child), 1.0)) == 1
            assert verdict(host, "ring") == before + 1
            wait_until(lambda: sockets() == at_first, 3, lambda: f"{at_first} sockets: {sockets()}")
            left.append((daemon.resident_bytes(), len(os.listdir(f"/proc/{daemon.pid}/task"))))
        assert left[-1][1] == left[0][1], "threads are left"
        assert left[-1][0] - left[0][0] < 1 << 20, left
        assert daemon.stop() == 0 and not residue(host)


def test_port_device_and_eal_change_with_a_restart_only():
    with Lab() as lab:
        host, daemon, _ = start(lab, ETHDEV)
        for config, key in (({"parent": {"nic0": {"port": "xsk"}}}, "parent.nic0.port"),
                            ({"parent": {"nic0": {"port": "ethdev", "device": "net_ring0"}}}, "parent.nic0.device"),
                            ({**ETHDEV, "eal": ["-m", "256"]}, "eal")):
            refused_reload(host, daemon, config, key, "restart")
