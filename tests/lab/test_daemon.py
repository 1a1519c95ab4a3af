# SPDX-License-Identifier: Apache-2.0
"""The daemon's surroundings: the service manager, users other than root, clients that hang, privileges, the log."""
import grp
import json
import re
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from common import (Arplined, arpline, arplined, confirm, refused, residue, run, teardown, thread_held, wait_until,
                    wired)

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534


class Manager:
    """The service manager's end of sd_notify. It has a path, because abstract names belong to a network namespace."""

    def __init__(self, lab):
        self.socket = lab.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.path = str(lab.folder / "notify")
        self.socket.bind(self.path)

    def hear(self, seconds=10.0) -> str:
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(4096).decode()
        except TimeoutError:
            return ""

    def wait_for(self, line, seconds=10.0):
        end = time.monotonic() + seconds
        while line not in (said := self.hear(max(0.1, end - time.monotonic()))).splitlines():
            assert time.monotonic() < end, f"no {line} within {seconds} s; last: {said}"

    def pings(self, seconds) -> int:
        end, count = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            count += self.hear(left) == "WATCHDOG=1"
        return count


def managed(lab, watchdog_seconds=None):
    host, _ = wired(lab)
    manager = Manager(lab)
    watchdog = {"WATCHDOG_USEC": str(int(watchdog_seconds * 1e6))} if watchdog_seconds else {}
    return host, manager, Arplined(host, environment={"NOTIFY_SOCKET": manager.path, **watchdog})


def control_socket(host) -> Path:
    return next(teardown.RUN.glob(f"*-{host.ns.inode}")) / "control.sock"


def connected(host) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(control_socket(host)))
    return client


def test_service_manager_hears_when_it_serves_and_when_it_stops(lab):
    host, manager, daemon = managed(lab)
    said = manager.hear().splitlines()
    status = host.status()
    assert said[0] == "READY=1" and f"STATUS=serving {host.nic}" in said, said
    assert status and status["daemon"] and status["lease"] == "live", status
    assert manager.pings(1.0) == 0, "nobody asked for a watchdog"
    daemon.stop()
    manager.wait_for("STOPPING=1", 5)


def test_service_manager_hears_nothing_of_a_start_that_fails(lab, wired):
    host, _ = wired(children=0)
    host.ns.ip("link", "del", host.nic)
    manager = Manager(lab)
    assert Arplined(host, environment={"NOTIFY_SOCKET": manager.path}).wait_exit() != 0
    assert manager.hear(0.1) == ""


def test_watchdog_is_fed_only_while_the_control_thread_moves(lab):
    _, manager, daemon = managed(lab, watchdog_seconds=1)
    manager.wait_for("READY=1")
    for _ in range(4):
        manager.wait_for("WATCHDOG=1")
    with thread_held(daemon.pid):
        manager.pings(0.3)  # messages sent before the thread was stopped
        assert manager.pings(1.5) == 0
    manager.wait_for("WATCHDOG=1", 5)


def test_watchdog_is_fed_only_while_the_worker_moves(lab):
    host, manager, daemon = managed(lab, watchdog_seconds=1)
    manager.wait_for("READY=1")
    worker = next(int(task.name) for task in Path(f"/proc/{daemon.pid}/task").iterdir()
                  if int(task.name) != daemon.pid and (task / "comm").read_text(encoding="ascii") != "leases\n")
    with thread_held(worker):
        wait_until(lambda: "the worker does not move on" in daemon.log, 10, "the log says that the worker hangs")
        manager.pings(0.3)
        assert manager.pings(1.5) == 0
        assert host.status()["daemon"], "the control thread goes on"
    manager.wait_for("WATCHDOG=1", 5)
    assert "the worker moves again" in daemon.log


def as_nobody(host, groups, *args):
    return host.ns.run("setpriv", "--reuid", NOBODY, "--regid", NOBODY, *groups, arpline(), *args, check=False)


def test_member_of_the_control_group_may_look_and_nobody_else(serve):
    group = grp.getgrgid(1)
    host, _, _, _ = serve(config={"control_group": group.gr_name})
    status = control_socket(host).stat()
    assert status.st_mode & 0o777 == 0o660 and status.st_gid == group.gr_gid, oct(status.st_mode)
    done = as_nobody(host, ("--groups", group.gr_gid), "status")
    assert done.returncode == 0 and host.children[0].address in done.stdout, done
    done = as_nobody(host, ("--groups", group.gr_gid), "limit")
    assert done.returncode == 0 and "foreign" in done.stdout, done
    done = as_nobody(host, ("--groups", group.gr_gid), "limit", "foreign", "10")
    assert done.returncode == 1 and "only root may ask for this" in done.stderr, done
    for words in (("status",), ("limit", "foreign", "20")):
        done = as_nobody(host, ("--clear-groups",), *words)
        assert done.returncode == 1 and "run as root or as a member of its group" in done.stderr, done
    assert host.status()["limits"]["foreign"] is None
    done = as_nobody(host, ("--groups", group.gr_gid), "detach", host.nic)
    assert done.returncode == 1 and "run as root" in done.stderr, done


def test_members_of_the_control_group_who_ask_without_an_end_keep_nobody_else_from_an_answer(serve):
    """One more client than the daemon takes replaces one of the user who has the most."""
    group = grp.getgrgid(1)
    host, _, _, _ = serve(config={"control_group": group.gr_name})
    asking = textwrap.dedent(f"""
        import socket
        clients = []
        while True:
            try:
                one = socket.socket(socket.AF_UNIX)
                one.settimeout(0.5)
                one.connect({str(control_socket(host))!r})
                one.send(b'{{"cmd": "status"}}\\n')
                clients = [*clients[-200:], one]
            except OSError:
                pass
        """)
    members = [host.ns.spawn("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--groups", group.gr_gid, sys.executable,
                             "-c", asking) for _ in range(2)]
    time.sleep(0.5)
    codes = [host.arpline("status").returncode for _ in range(25)]
    assert all(one.poll() is None for one in members), "they have ended"
    assert codes == [0] * 25, codes


def group_of_nobody():
    return grp.getgrgid(NOBODY).gr_name


def as_member(host, *words):
    return as_nobody(host, ("--clear-groups",), *words)


def test_control_group_looks_and_only_root_changes(serve):
    host, _, daemon, _ = serve(config={"control_group": group_of_nobody()})
    for words in (("status", "--json"), ("limit",)):
        done = as_member(host, *words)
        assert done.returncode == 0, done
    for words in (("limit", "to_child", "0"), ("reload",)):
        done = as_member(host, *words)
        assert done.returncode != 0 and "control_group_may_change" in done.stderr, done
    assert host.status()["limits"]["to_child"] == 100 and daemon.running()


def test_control_group_changes_where_the_configuration_says_so(serve):
    host, _, _, _ = serve(config={"control_group": group_of_nobody(), "control_group_may_change": True})
    done = as_member(host, "limit", "to_child", "7")
    assert done.returncode == 0, done
    assert host.status()["limits"]["to_child"] == 7


def test_socket_is_roots_alone_without_a_group(serve):
    host, _, _, _ = serve()
    status = control_socket(host).stat()
    assert status.st_mode & 0o777 == 0o600 and status.st_uid == 0


def test_clients_that_hang_keep_nobody_from_asking(lab, serve):
    host, _, daemon, _ = serve()
    deaf = lab.closing(connected(host))
    deaf.setblocking(False)
    for _ in range(200):
        try:
            deaf.send(b'{"cmd": "status"}\n' * 100)
        except BlockingIOError:
            break
    idle = [lab.closing(connected(host)) for _ in range(40)]
    for _ in range(3):
        status = host.status()
        assert status and status["daemon"], f"it is read from the maps, for the daemon has not answered: {status}"
    for client in idle:
        client.settimeout(10)
        assert client.recv(1) == b"", "an idle client is hung up on"
    assert daemon.running() and host.status()["lease"] == "live"


def capability_numbers() -> dict[str, int]:
    header = Path("/usr/include/linux/capability.h")
    if not header.exists():
        pytest.skip("linux/capability.h names the capabilities' numbers")
    found = re.findall(r"^#define (CAP_\w+)\s+(\d+)$", header.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: int(number) for name, number in found}


def process_status(path) -> dict[str, str]:
    return dict(line.split(":\t") for line in Path(path).read_text(encoding="ascii").splitlines() if ":\t" in line)


@pytest.mark.timeout(90)
def test_daemon_has_the_documented_capabilities_and_can_do_everything_with_them(lab, serve):
    numbers = capability_numbers()
    text = (ROOT / "docs/privileges.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| (CAP_\w+) \|", text, re.MULTILINE)
    ours = int(process_status("/proc/self/status")["CapEff"], 16)
    expected = sum(1 << numbers[name] for name in documented) & ours
    host, peer, daemon, wire = serve(config={"control_group": grp.getgrgid(1).gr_name})
    for task in Path(f"/proc/{daemon.pid}/task").iterdir():
        status = process_status(task / "status")
        for kept in ("CapPrm", "CapEff", "CapBnd"):
            assert int(status[kept], 16) == expected, f"{kept} is {status[kept]}, documented {expected:x}"
        assert int(status["CapInh"], 16) == int(status["CapAmb"], 16) == 0 and status["NoNewPrivs"] == "1"
    confirm(wire, host, host.children[0])
    host.ns.ip("link", "del", host.nic)
    wait_until(lambda: "waiting for it to come back" in daemon.log, 5, "the log says that the parent is gone")
    lab.veth(host.ns, host.nic, peer.ns, peer.nic)
    child = host.add_child()
    wait_until(lambda: (host.status() or {"daemon": False})["daemon"], 10, "the parent is served again")
    confirm(peer.wire(), host, child)
    assert daemon.stop() == 0
    assert not residue(host), residue(host)


def test_containers_known_only_by_a_process_are_found_whoever_runs_it(wired):
    """By /proc/PID/ns/net of a process with more privileges than the daemon, and of another user's process."""
    host, _ = wired(children=0)
    host.start_arplined()
    nobody = ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")
    processes = []
    try:
        for number, user in enumerate(((), nobody), 1):
            processes.append(subprocess.Popen(("setpriv", "--pdeathsig", "KILL", "unshare", "-n", *user, "cat"),
                                              stdin=subprocess.PIPE))
            pid, link = processes[-1].pid, f"mv{number}"
            wait_until(lambda: Path(f"/proc/{pid}/comm").read_text() == "cat\n", 5, "it is in its namespace")
            host.ns.ip("link", "add", link, "link", host.nic, "type", "macvlan", "mode", "bridge")
            host.ns.ip("link", "set", link, "netns", str(pid))
            inside = ("nsenter", f"--net=/proc/{pid}/ns/net", "ip")
            run(*inside, "addr", "add", f"10.77.1.{number}/16", "dev", link)
            run(*inside, "link", "set", link, "up")
        for number in (1, 2):
            wait_until(lambda: f"10.77.1.{number}" in [one["address"] for one in host.status()["endpoints"]], 10,
                       f"container {number} is found")
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_on_stop_of_the_command_line_goes_before_the_file(wired):
    host, _ = wired()
    keeping = host.start_arplined(args=("--on-stop", "keep"))
    keeping.stop()
    assert residue(host), "keep leaves the programs attached"
    ending = host.start_arplined({"parent": {host.nic: {"on_stop": "keep"}}}, args=("--on-stop", "detach"))
    ending.stop()
    assert not residue(host), residue(host)
    refused(host, "--parent", host.nic, "--on-stop", "explode", expect=("on-stop",))


def test_lines_for_the_journal_have_its_levels(lab, wired):
    host, _ = wired()
    log = lab.folder / f"arplined-{host.label}-0.log"
    log.touch()
    stream = f"{log.stat().st_dev}:{log.stat().st_ino}"
    daemon = Arplined(host, environment={"JOURNAL_STREAM": stream})
    assert daemon.log_path == log
    daemon.wait_serving()
    daemon.stop()
    lines = daemon.log.splitlines()
    assert lines and all(re.match(r"<[346]>\S", line) for line in lines), lines
    assert not any(re.match(r"<\d>\d{4}-\d\d-\d\d", line) for line in lines), "the journal has its own time"


def test_check_says_what_the_daemon_would(lab, wired):
    host, _ = wired(children=0)
    path = lab.folder / "some.toml"

    def check(text, *args):
        path.write_text(text, encoding="utf-8")
        done = host.arpline("check", path, *args)
        return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()

    assert check("[parent.nic0]\n") == (0, [f"{path}: good: parents nic0"], [])
    assert check("mode = 'observe'\n", "--parent", "nic0") == (0, [f"{path}: good: parents nic0"], [])
    code, said, warned = check("control_group = 'nosuchgroup'\n[parent.nic0]\n[parent.nosuch0]\n")
    assert (code, said) == (0, [f"{path}: good: parents nic0, nosuch0"]), said
    assert len(warned) == 2 and "nosuchgroup" in warned[0] and "parent.nosuch0" in warned[1], warned
    code, said, refusal = check("[parent.nic0]\nspeed = 1\n")
    assert code == 1 and not said and len(refusal) == 1 and f"{path}:2: parent.nic0.speed" in refusal[0], refusal
    assert check("mode = 'observe'\n")[0] == 1, "no parent at all"
    code, said, _ = check("[parent.nic0]\nport = 'ethdev'\ndevice = 'net_null0'\n")
    assert (code, said) == (0, [f"{path}: good for arplined-dpdk, not for arplined: parents nic0"]), said
    refusal = host.ns.run(arplined(), "--config", path, check=False)
    assert refusal.returncode == 1 and "run arplined-dpdk" in refusal.stderr, refusal
    answer = json.loads(host.arpline("check", path, "--json").stdout)
    assert answer["good"] and answer["program"] == "arplined-dpdk" and answer["parents"] == ["nic0"], answer
    path.write_text("[parent.nic0]\nspeed = 1\n", encoding="utf-8")
    done = host.arpline("check", path, "--json")
    assert done.returncode == 1 and "parent.nic0.speed" in json.loads(done.stdout)["error"], done
    assert host.arpline("check", lab.folder / "none.toml").returncode == 1
