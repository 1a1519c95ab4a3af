# SPDX-License-Identifier: Apache-2.0
"""arplined-dpdk: DPDK's net_af_xdp on the program that the daemon has attached and pinned."""
import contextlib
import json
import os
import socket
import struct
import subprocess
from pathlib import Path

import pytest
import test_restart as restarts
import test_under_load as loads
import test_withdrawal as withdrawals
from common import arplined, confirm, exchange, frames, link_id, residue, run, thread_held, verdict, wait_until, who_has
from containers import served
from lab.daemon import to_toml
from lab.sh import arplined_dpdk
from test_reload import refused_reload, reload, start

ETHDEV = {"parent": {"nic0": {"port": "ethdev"}}}
AF_XDP = 44
DPDK_SAYS = ("EAL:", "TELEMETRY:", "libxdp:")
KEEP = {"parent": {"nic0": {"port": "ethdev", "on_stop": "keep"}}}


def program_id(host) -> int:
    """The id of the XDP program that the link holds."""
    return json.loads(run("bpftool", "-j", "link", "show", "pinned",
                          f"{host.status()['pins']}/ingress_link").stdout)["prog_id"]


def test_net_af_xdp_answers_what_the_kernel_has_said(serve):
    host, _, _, wire = serve(children=2, config=ETHDEV)
    for child in host.children:
        first = wire.replies(who_has(child), 1.0)
        before = verdict(host, "ring")
        second = wire.replies(who_has(child), 1.0)
        assert verdict(host, "ring") == before + 1
        assert [one.bytes_without_padding for one in first] == [one.bytes_without_padding for one in second] != []
    wait_until(lambda: host.status()["engine_verdicts"]["answered"] == 2, 2, "both answers are counted")


def test_containers_reach_and_are_reached(serve):
    host, peer, _, _ = serve(children=2, config=ETHDEV)
    one, other = host.children
    assert peer.ping(one.address).answered == 3
    assert one.ping("10.77.0.1").answered == 3
    assert one.ping(other.address).answered == 3


@pytest.mark.alone
def test_every_request_is_answered_once(serve):
    loads.every_request_is_answered_once(serve, ETHDEV)


def test_both_queues_are_served(serve):
    host, peer, _, wire = serve(config=ETHDEV, queues=2)
    confirm(wire, host, host.children[0])
    for queue in (0, 1):
        peer.aim_at_queue(queue, 2)
        before = verdict(host, "ring")
        assert len(wire.replies(who_has(host.children[0]), 1.0)) == 1
        assert verdict(host, "ring") == before + 1, f"queue {queue} has no ring"


# Restarts and crashes.

def test_program_and_link_survive_kill_9_and_the_next_start_serves_on(serve):
    host, peer, daemon, wire = serve(children=2, config=ETHDEV)
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


@pytest.mark.alone
def test_kill_9_and_a_new_start_lose_at_most_the_window(serve):
    restarts.kill_9_and_a_new_start(serve, ETHDEV)


@pytest.mark.alone
def test_restart_with_keep_loses_nothing_and_answers_nothing_twice(serve):
    restarts.restart_with_keep(serve, "ring", KEEP)


@pytest.mark.alone
def test_five_restarts_in_a_row_lose_nothing(serve):
    restarts.five_restarts(serve, KEEP)


@pytest.mark.alone
@pytest.mark.timeout(90)
def test_hung_daemon_costs_at_most_the_window_and_says_nothing_stale(serve):
    loads.hang(serve, ETHDEV, seconds=5)


def test_frames_that_wait_too_long_are_not_answered(serve):
    """The age is in front of the frame, in memory that DPDK could use for other data."""
    host, _, daemon, wire = serve(config=ETHDEV)
    child = host.children[0]
    confirm(wire, host, child)
    before = verdict(host, "ring")
    daemon.sigstop()
    for _ in range(10):
        wire.send(who_has(child))
    wait_until(lambda: verdict(host, "ring") == before + 10, 5,
               lambda: f"they are in the ring: {host.status()['verdicts']}")
    wait_until(lambda: host.status()["lease"] == "expired", 5, "the lease is expired")
    assert not [one for one in wire.collect(0.5) if one.op == frames.REPLY], "it answers although nobody runs"
    assert len(wire.replies(who_has(child), 1.0)) == 1, "the kernel does not answer"
    daemon.sigcont()
    wait_until(lambda: host.status()["engine_verdicts"]["stale"] == 10, 5,
               lambda: f"ten frames are stale: {host.status()['engine_verdicts']}")
    assert not [one for one in wire.collect(0.5) if one.op == frames.REPLY]


def test_kernel_answers_when_the_control_thread_hangs(serve):
    """The lease ends, and the worker, which still runs, gets no more frames."""
    host, daemon, wire = start(serve, ETHDEV)
    child = host.children[0]
    with thread_held(daemon.pid):
        wait_until(lambda: host.status()["lease"] == "expired", 10, "the lease is expired")
        before = verdict(host, "ring")
        assert len(wire.replies(who_has(child), 1.0)) == 1
        assert verdict(host, "ring") == before and verdict(host, "lease_expired") > 0
    wait_until(lambda: host.status()["lease"] == "live", 5, "it serves again")


def test_idle_daemon_costs_next_to_nothing(serve):
    _, _, daemon, _ = serve(children=16, config=ETHDEV)
    loads.idle(daemon)


# Withdrawal.

def test_deleted_container_is_not_answered(serve):
    withdrawals.withdrawn(serve, lambda child: child.delete(), None, more=ETHDEV)


def test_interface_that_is_down_is_not_answered(serve):
    withdrawals.withdrawn(serve, lambda child: child.link("down"), "not_served", "down", more=ETHDEV)


# Faults of the driver, of libxdp and of the operator.

def attached_id(host) -> int:
    """The id of the XDP program that the kernel runs on the parent."""
    return json.loads(host.ns.ip("-d", "-j", "link", "show", "dev", host.nic).stdout)[0]["xdp"]["prog"]["id"]


def has_socket(pins, queue) -> bool:
    """User space can't read an XSKMAP, but adding a socket fails where one is already."""
    with socket.socket(AF_XDP, socket.SOCK_RAW) as one:
        done = subprocess.run(["bpftool", "map", "update", "pinned", f"{pins}/xsks_map", "key",
                               *map(str, struct.pack("=I", queue)), "value",
                               *map(str, struct.pack("=I", one.fileno())), "noexist"],
                              pass_fds=[one.fileno()], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or "File exists" in done.stderr, done.stderr
    return done.returncode != 0


def test_libxdp_takes_up_the_attached_program_and_all_queues_have_their_sockets(serve):
    host, _, _, _ = serve(config=ETHDEV, queues=2)
    pins = host.status()["pins"]
    why = ("this libxdp or DPDK no longer takes up an attached program that is named xsk_def_prog, says "
           "xsk_prog_version = 1 in its BTF's section xdp_metadata, and has an XSKMAP named xsks_map")
    assert attached_id(host) == program_id(host), f"another program is attached: {why}"
    assert has_socket(pins, 0) and has_socket(pins, 1), f"xsks_map has no socket: {why}"
    assert not has_socket(pins, 2), "a socket is where nobody put one: this look-up tells nothing"


def test_program_stays_ours_when_the_driver_closes_for_a_reload(serve):
    """net_af_xdp tries to detach any program on the interface."""
    host, daemon, _ = start(serve, ETHDEV)
    before = attached_id(host)
    reload(host, daemon, {**ETHDEV, "mode": "observe"})
    assert attached_id(host) == before == program_id(host)


def test_program_stays_ours_when_the_driver_closes_for_a_stop_with_keep(serve):
    host, _, daemon, _ = serve(config=KEEP)
    before = attached_id(host)
    assert daemon.stop() == 0
    assert attached_id(host) == before


def ends_with(host, config, *words, program=arplined_dpdk):
    """Expects exit code 1, no residue, and one line with these words after DPDK's own output."""
    before = residue(host)
    path = host.lab.folder / "wrong.toml"
    path.write_text(to_toml(config), encoding="utf-8")
    done = host.ns.run(program(), "--parent", host.nic, "--config", path, check=False, timeout=20)
    lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith(DPDK_SAYS)]
    assert done.returncode == 1, f"exit code {done.returncode}: {done.stderr}"
    own = [line for line in lines if " error " in line or line.startswith("arplined")]
    assert len(own) == 1, f"{len(own)} lines: {done.stderr}"
    for word in words:
        assert word in own[0], f"{word!r} is not in: {own[0]}"
    assert residue(host) == before, f"left behind: {residue(host)}"


def with_device(device, **more):
    return {"parent": {"nic0": {"port": "ethdev", "device": device, **more}}}


def test_errors_are_one_line_and_leave_nothing(wired):
    host, _ = wired()
    ends_with(host, {**ETHDEV, "eal": ["--no-such-option"]}, "EAL", "no-such-option")
    ends_with(host, {**ETHDEV, "eal": ["--help"]}, "eal")
    ends_with(host, {**ETHDEV, "eal": ["-l", "99"]}, "EAL")
    ends_with(host, with_device("net_nosuchdriver0"), "net_nosuchdriver0")
    ends_with(host, with_device("nosuchname"), "nosuchname")
    ends_with(host, ETHDEV, "ethdev", "arplined-dpdk", program=arplined)


def test_device_that_puts_its_sockets_elsewhere_is_refused(wired):
    """Its frames would come from another interface, while the parent's ring would stay empty without an error."""
    host, _ = wired()
    host.ns.ip_batch(["link add other0 type veth peer name other1", "link set other0 up", "link set other1 up"])
    ends_with(host, with_device("net_af_xdp,iface=other0"), "xsks_map", "queue 0")


def test_foreign_xdp_program_is_left_alone(wired):
    host, _ = wired(children=0)
    host.load_pass_program()
    host.add_child()
    before = attached_id(host)
    ends_with(host, ETHDEV, host.nic, "lab_pass")
    assert attached_id(host) == before


def test_doctor_and_preflight_know_the_program_by_its_other_name(serve):
    host, _, _, _ = serve(config=ETHDEV)
    said = host.arpline("preflight", host.nic).stdout
    assert "arpline's own" in said and "foreign" not in said, said
    assert host.arpline("doctor", "--json").returncode == 0


def test_preflight_tells_libxdps_own_program_of_that_name_from_ours(lab, wired):
    host, _ = wired(children=0)
    host.ns.ip("link", "set", "dev", host.nic, "xdpdrv", "obj", lab.bpf_object("xsk_def_prog"), "sec", "xdp.frags")
    said = host.arpline("preflight", host.nic).stdout
    assert "xsk_def_prog" in said and "foreign" in said, said


def cpu_ns(daemon, tasks) -> dict:
    """The CPU time that the threads have used."""
    return {task: int(Path(f"/proc/{daemon.pid}/task/{task}/schedstat").read_text(encoding="ascii").split()[0])
            for task in tasks}


def test_worker_runs_on_the_second_lcore_and_control_where_it_was(serve):
    if not {0, 1} <= os.sched_getaffinity(0):
        pytest.skip("it needs the CPUs 0 and 1")
    config = {**ETHDEV, "eal": ["-l", "0,1"]}
    host, daemon, wire = start(serve, config)
    for _ in range(2):
        tasks = [int(task) for task in os.listdir(f"/proc/{daemon.pid}/task") if int(task) != daemon.pid]
        before = cpu_ns(daemon, tasks)
        exchange(wire, lambda _: who_has(host.children[0]), 1000, 1.0)
        after = cpu_ns(daemon, tasks)
        worker = max(tasks, key=lambda task: after[task] - before[task])
        assert os.sched_getaffinity(worker) == {1}, f"the worker runs on {os.sched_getaffinity(worker)}"
        assert os.sched_getaffinity(daemon.pid) == os.sched_getaffinity(0), "the control thread was moved"
        reload(host, daemon, {**config, "mode": "observe"})
        reload(host, daemon, config)


# Reload.

class Telemetry:
    """DPDK's report about a process's allocations."""

    def __init__(self, lab, daemon):
        inodes = set()
        for fd in Path(f"/proc/{daemon.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                inodes.add(os.readlink(fd).removeprefix("socket:[").removesuffix("]"))
        rows = [line.split() for line in Path(f"/proc/{daemon.pid}/net/unix").read_text(encoding="utf-8").splitlines()]
        path = next(row[7] for row in rows if len(row) > 7 and row[6] in inodes and "dpdk_telemetry" in row[7])
        self.socket = lab.closing(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.socket.recv(16384)  # greeting

    def ask(self, command):
        self.socket.send(command.encode())
        return json.loads(self.socket.recv(16384))[command.split(",")[0]]

    def allocated(self) -> dict:
        return {"devices": self.ask("/ethdev/list"), "pools": self.ask("/mempool/list"),
                "zones": self.ask("/eal/memzone_list"), "bytes": self.ask("/eal/heap_info,0")["Alloc_size"]}


DRIVERS_LEAK_BYTES = 1024  # leaked by net_af_xdp itself each time; DPDK 22.11: 192


@pytest.mark.timeout(90)
def test_devices_are_closed_and_opened_again_with_every_change_of_the_mode(lab, serve):
    """libxdp keeps one descriptor of the program each time; sockets, threads, devices and pools do not leak."""
    host, _, daemon, wire = serve(config=ETHDEV)
    child = host.children[0]
    confirm(wire, host, child)

    def sockets():
        count = 0
        for fd in Path(f"/proc/{daemon.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                count += os.readlink(fd).startswith("socket:")
        return count
    telemetry = Telemetry(lab, daemon)

    def held():
        return sockets(), len(os.listdir(f"/proc/{daemon.pid}/task"))
    at_first, memory = held(), telemetry.allocated()
    for _ in range(5):
        reload(host, daemon, {**ETHDEV, "mode": "observe"})
        assert len(wire.replies(who_has(child), 1.0)) == 1
        reload(host, daemon, ETHDEV)
        before = verdict(host, "ring")
        assert len(wire.replies(who_has(child), 1.0)) == 1
        assert verdict(host, "ring") == before + 1
        wait_until(lambda: held() == at_first, 3, lambda: f"sockets and threads: {at_first}, now {held()}")
        now = telemetry.allocated()
        assert now.pop("bytes") <= memory.pop("bytes") + DRIVERS_LEAK_BYTES and now == memory, (now, memory)
        memory = telemetry.allocated()
    assert daemon.stop() == 0 and not residue(host)


def test_port_device_and_eal_change_with_a_restart_only(serve):
    host, daemon, _ = start(serve, ETHDEV)
    for config, key in (({"parent": {"nic0": {"port": "xsk"}}}, "parent.nic0.port"),
                        ({"parent": {"nic0": {"port": "ethdev", "device": "net_ring0"}}}, "parent.nic0.device"),
                        ({**ETHDEV, "eal": ["-m", "256"]}, "eal")):
        refused_reload(host, daemon, config, key, "restart")
