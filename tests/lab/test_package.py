# SPDX-License-Identifier: Apache-2.0
"""The Debian package and its service, under a real systemd in a temporary copy of this machine."""
import contextlib
import os
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from common import Lab, ROOT, confirm, run, wait_state, wait_until, who_has
from lab import Machine, machine

BUILD_SECONDS = 900
TIMEOUT_SECONDS = BUILD_SECONDS + 60  # the first of the tests may have to compile the package
CONFIG = "/etc/arpline/arpline.toml"
EXPORTER_EXPOSURE = 15
EXPOSURE = 40  # of 100, in units of systemd-analyze security; BPF and setns account for the rest


@dataclass
class Container:
    name: str
    address: str
    vlan: int = 0


def built() -> Path:
    """The package that tests/run has built before, or one built now."""
    if there := os.environ.get("ARPLINE_PACKAGE"):
        return Path(there)
    done = run(ROOT / "tools" / "package" / "build", timeout=BUILD_SECONDS)
    return Path(done.stdout.strip().splitlines()[-1])


def newer(package: Path, folder: Path) -> Path:
    """A copy of the package with a higher version."""
    tree, name = folder / "newer", folder / "newer.deb"
    run("dpkg-deb", "--raw-extract", package, tree)
    control = tree / "DEBIAN" / "control"
    control.write_text(control.read_text(encoding="utf-8").replace("\nVersion: ", "\nVersion: 1:", 1), encoding="utf-8")
    run("dpkg-deb", "--build", "--root-owner-group", tree, name)
    shutil.rmtree(tree)
    return name


@contextlib.contextmanager
def booted(before_boot="", upgrade=False):
    """(lab, machine, peer, the peer's wire): a machine with the package in /mnt, not installed yet."""
    if reason := machine.missing():
        pytest.skip(reason)
    package = built()
    with Lab() as lab:
        host, peer = lab.host(), lab.peer()
        lab.connect(host, peer)
        files = [lab.folder / f"{name}.deb" for name in ("arpline", "arpline-dpdk", "arpline-exporter")]
        for file in files:
            shutil.copy(package.with_name(package.name.replace("arpline_", f"{file.stem}_")), file)
        if upgrade:
            files.append(newer(package, lab.folder))
        copy = Machine(lab, host, before_boot, files)
        copy.wait_booted()
        yield lab, copy, peer, peer.wire()


def configure(copy, first=""):
    copy.run("mkdir", "-p", "/etc/arpline")
    copy.write(CONFIG, f"{first}\n[parent.{copy.host.nic}]\n")


@contextlib.contextmanager
def serving(containers=1, **how):
    """(machine, peer, wire, containers): installed, started by systemd and answering for the containers."""
    with booted(**how) as (_, copy, peer, wire):
        children = [container(copy, number) for number in range(containers)]
        configure(copy)
        copy.run("dpkg", "--install", "/mnt/arpline.deb")
        assert copy.property("arplined", "ActiveState") == "active", log(copy)
        confirm(wire, copy, *children)
        yield copy, peer, wire, children


def log(copy, unit="arplined") -> str:
    return copy.run("journalctl", "--no-pager", "--lines=40", f"--unit={unit}", check=False).stdout


def container(copy, number: int) -> Container:
    """Made as `ip netns` makes one. A veth beside it disappears with the namespace, whose end it thereby shows."""
    one = Container(f"c{number}", f"10.77.1.{number + 1}")
    copy.shell(f"ip netns add {one.name}"
               f" && ip link add tmp{number} link {copy.host.nic} type macvlan mode bridge"
               f" && ip link set tmp{number} netns {one.name} name mv0"
               f" && ip -n {one.name} addr add {one.address}/16 dev mv0 && ip -n {one.name} link set mv0 up"
               f" && ip link add alive{number} type veth peer name alive netns {one.name}")
    return one


def delete(copy, one: Container):
    copy.run("ip", "netns", "del", one.name)
    witness = "alive" + one.name[1:]
    wait_until(lambda: not links(copy, witness), 5, f"the namespace {one.name} has died")


def namespace_mounts(copy, pid) -> int:
    return copy.run("cat", f"/proc/{pid}/mounts").stdout.count("\nnsfs ")


def links(copy, name: str) -> str:
    return copy.run("ip", "-brief", "link", "show", "dev", name, check=False).stdout


def xdp_program(copy) -> str:
    return copy.shell(f"ip -d link show dev {copy.host.nic} | grep -o 'prog/xdp id [0-9]*'", check=False).stdout


def attached_link(copy) -> str:
    """The id of the bpf_link that holds the program; it changes when the program is detached and attached again."""
    return copy.shell("bpftool link show pinned /sys/fs/bpf/arpline/*/ingress_link | head -n 1").stdout.split(":")[0]


def residue(copy) -> list[str]:
    found = copy.shell(f"tc filter show dev {copy.host.nic} egress; tc qdisc show dev {copy.host.nic} | grep clsact;"
                       " ls -d /sys/fs/bpf/arpline /run/arpline 2>/dev/null; pgrep -a arplined", check=False).stdout
    return (xdp_program(copy) + found).splitlines()


class Asking:
    """Asks for an address continuously and expects an answer to each who-has."""
    PAUSE_SECONDS = 0.01

    def __init__(self, wire, child):
        self._wire, self._child = wire, child
        self.asked = self.answered = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def _ask(self):
        while not self._end.is_set():
            self.asked += 1
            self.answered += bool(self._wire.replies(who_has(self._child), 1.0))
            self._end.wait(self.PAUSE_SECONDS)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()


@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_installed_without_a_configuration_it_waits_for_one():
    with booted() as (_, copy, _, wire):
        child = container(copy, 0)
        copy.run("dpkg", "--install", "/mnt/arpline.deb")
        assert copy.run("systemctl", "is-enabled", "arplined").stdout.strip() == "enabled"
        assert copy.property("arplined", "ActiveState") == "inactive" and not residue(copy)
        assert copy.run("systemctl", "--failed", "--no-legend").stdout == ""
        configure(copy)
        copy.run("systemctl", "start", "arplined")
        assert copy.property("arplined", "ActiveState") == "active", log(copy)
        confirm(wire, copy, child)


@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_installed_where_no_systemd_runs_it_serves_from_the_next_boot():
    install = "dpkg --install /mnt/arpline.deb"
    prepare = f"{install} && dpkg --purge arpline && {install} && echo '[parent.nic0]' >{CONFIG}"
    with booted(prepare) as (_, copy, _, wire):
        wait_until(lambda: copy.property("arplined", "ActiveState") == "active", 10, lambda: log(copy))
        confirm(wire, copy, container(copy, 0))


@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_parent_that_comes_after_the_boot_is_served():
    prepare = f"dpkg --install /mnt/arpline.deb && echo '[parent.late0]' >{CONFIG}"
    with booted(prepare) as (_, copy, _, _):
        wait_until(lambda: int(copy.property("arplined", "NRestarts")) > 1, 15, lambda: log(copy))
        copy.shell("ip link add late0 type veth peer name late1 && ip link set late0 up && ip link set late1 up")
        wait_until(lambda: copy.property("arplined", "ActiveState") == "active", 10, lambda: log(copy))


@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_unit_is_sound_and_closed():
    with booted("dpkg --install /mnt/arpline.deb") as (_, copy, _, _):
        done = copy.run("systemd-analyze", "verify", "arplined.service", check=False)
        assert done.returncode == 0 and "arplined" not in done.stderr, done.stderr
        done = copy.run("systemd-analyze", "security", f"--threshold={EXPOSURE}", "arplined.service", check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_deleted_containers_namespace_dies_whenever_it_was_made():
    with serving(containers=1) as (copy, _, wire, (early,)):
        late = container(copy, 1)
        confirm(wire, copy, late)
        service = copy.property("arplined", "MainPID")
        assert namespace_mounts(copy, service) == namespace_mounts(copy, 1) > 0, "it does not see the host's mounts"
        for one in (early, late):
            delete(copy, one)
            wait_state(copy, one, None, 5)
        assert namespace_mounts(copy, service) == 0
        again = container(copy, 0)
        confirm(wire, copy, again)


@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_restart_loses_no_answer_and_detaches_nothing():
    with serving() as (copy, _, wire, (child,)):
        before = attached_link(copy)
        with Asking(wire, child) as asking:
            for _ in range(2):
                copy.run("systemctl", "restart", "arplined")
                time.sleep(0.3)
        assert asking.answered == asking.asked > 30, f"{asking.answered} of {asking.asked}: {log(copy)}"
        assert attached_link(copy) == before


@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_reload_takes_the_new_configuration_and_refuses_a_broken_one():
    with serving() as (copy, _, wire, (child,)):
        pid = copy.property("arplined", "MainPID")
        configure(copy, 'mode = "observe"')
        with Asking(wire, child) as asking:
            copy.run("systemctl", "reload", "arplined")
        assert asking.answered == asking.asked, f"{asking.answered} of {asking.asked}: {log(copy)}"
        assert copy.status()["mode"] == "observe"
        configure(copy, 'mode = "nonsense"')
        assert copy.run("systemctl", "reload", "arplined", check=False).returncode != 0, log(copy)
        assert copy.status()["mode"] == "observe" and copy.property("arplined", "MainPID") == pid


@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_upgrade_loses_no_answer_and_detaches_nothing():
    with serving(upgrade=True) as (copy, _, wire, (child,)):
        before, pid = attached_link(copy), copy.property("arplined", "MainPID")
        with Asking(wire, child) as asking:
            copy.run("dpkg", "--install", "/mnt/newer.deb")
            assert copy.property("arplined", "MainPID") != pid, "it was not restarted"
            wait_state(copy, child, "confirmed")
        assert asking.answered == asking.asked > 30, f"{asking.answered} of {asking.asked}: {log(copy)}"
        assert attached_link(copy) == before
        copy.run("systemctl", "stop", "arplined")
        copy.run("dpkg", "--install", "/mnt/arpline.deb", "--force-downgrade", check=False)
        assert copy.property("arplined", "ActiveState") == "inactive", "an upgrade starts what was stopped"


@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_killed_daemon_is_started_again():
    with serving() as (copy, peer, wire, (child,)):
        before, pid = attached_link(copy), copy.property("arplined", "MainPID")
        copy.run("systemctl", "kill", "--signal=KILL", "arplined")
        wait_until(lambda: copy.property("arplined", "MainPID") not in ("0", pid), 10, lambda: log(copy))
        wait_until(lambda: copy.property("arplined", "ActiveState") == "active", 10, lambda: log(copy))
        assert attached_link(copy) == before
        confirm(wire, copy, child)
        assert peer.ping(child.address).answered == 3


@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_hung_daemon_is_started_again():
    with serving() as (copy, _, wire, (child,)):
        before = attached_link(copy)
        copy.run("mkdir", "-p", "/run/systemd/system/arplined.service.d")
        copy.write("/run/systemd/system/arplined.service.d/soon.conf", "[Service]\nWatchdogSec=2\n")
        copy.run("systemctl", "daemon-reload")
        copy.run("systemctl", "restart", "arplined")
        pid = copy.property("arplined", "MainPID")
        copy.run("systemctl", "kill", "--signal=STOP", "arplined")
        wait_until(lambda: copy.property("arplined", "MainPID") not in ("0", pid), 15, lambda: log(copy))
        wait_until(lambda: copy.property("arplined", "ActiveState") == "active", 10, lambda: log(copy))
        assert attached_link(copy) == before
        confirm(wire, copy, child)


@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_control_group_reaches_the_socket_and_others_do_not():
    with booted("dpkg --install /mnt/arpline.deb") as (_, copy, _, _):
        configure(copy, 'control_group = "adm"')
        copy.run("systemctl", "start", "arplined")
        socket = copy.shell("ls /run/arpline/*/control.sock").stdout.strip()
        connect = f"import socket; socket.socket(socket.AF_UNIX).connect('{socket}')"
        for group, allowed in (("adm", True), ("nogroup", False)):
            done = copy.run("setpriv", "--reuid=nobody", f"--regid={group}", "--clear-groups", "python3", "-c", connect,
                            check=False)
            assert (done.returncode == 0) == allowed, f"{group}: {done.stderr}"


@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_exporter_reaches_the_daemon_as_a_member_of_its_group_and_has_nothing_else():
    with booted() as (_, copy, _, wire):
        child = container(copy, 0)
        copy.run("dpkg", "--install", "/mnt/arpline.deb", "/mnt/arpline-exporter.deb")
        assert copy.property("arpline-exporter", "ActiveState") == "active", log(copy, "arpline-exporter")
        configure(copy, 'control_group = "arpline"')
        copy.run("systemctl", "start", "arplined")
        confirm(wire, copy, child)
        wait_until(lambda: "\narpline_up 1\n" in metrics(copy), 10, lambda: log(copy, "arpline-exporter"))
        assert 'arpline_endpoints{parent="nic0",state="confirmed"} 1' in metrics(copy)
        status = copy.run("cat", f"/proc/{copy.property('arpline-exporter', 'MainPID')}/status").stdout
        for name in ("CapPrm", "CapEff", "CapBnd"):
            assert f"\n{name}:\t{'0' * 16}\n" in status, status
        done = copy.run("systemd-analyze", "verify", "arpline-exporter.service", check=False)
        assert done.returncode == 0 and "arpline" not in done.stderr, done.stderr
        done = copy.run("systemd-analyze", "security", f"--threshold={EXPORTER_EXPOSURE}", "arpline-exporter.service",
                        check=False)
        assert done.returncode == 0, done.stdout
        copy.run("dpkg", "--purge", "arpline-exporter")
        assert copy.property("arpline-exporter", "LoadState") == "not-found"
        assert copy.property("arplined", "ActiveState") == "active"


def metrics(copy) -> str:
    """The answer of the exporter in the machine; empty when nothing answers."""
    ask = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:10826/metrics').read().decode())"
    return copy.run("python3", "-c", ask, check=False).stdout


@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_removed_it_leaves_nothing_attached_pinned_or_running():
    with booted() as (_, copy, peer, wire):
        child, before = container(copy, 0), traces(copy)
        configure(copy)
        copy.run("dpkg", "--install", "/mnt/arpline.deb")
        confirm(wire, copy, child)
        elsewhere(copy)
        copy.run("dpkg", "--remove", "arpline")
        assert not residue(copy), residue(copy)
        assert not attached_elsewhere(copy), attached_elsewhere(copy)
        assert copy.property("arplined", "LoadState") == "not-found"
        assert peer.ping(child.address).answered == 3
        assert copy.run("cat", CONFIG).stdout, "the configuration is the operator's until a purge"
        copy.run("dpkg", "--purge", "arpline")
        assert traces(copy) == before, traces(copy) - before


def traces(copy) -> set[str]:
    """All files on the machine that are named after arpline, except its log."""
    found = copy.shell("find / /run /sys/fs/bpf -xdev -iname '*arpline*' -not -path '/var/log/*'").stdout
    return set(found.splitlines())


def attached_elsewhere(copy) -> str:
    return copy.shell("tc -n elsewhere filter show dev par0 egress; "
                      "ip -n elsewhere -d link show dev par0 | grep prog/xdp",
                      check=False).stdout


def elsewhere(copy):
    """Leaves the programs and pins of a killed daemon in another namespace of the machine."""
    copy.shell("ip netns add elsewhere && ip -n elsewhere link add par0 type veth peer name par1"
               " && ip -n elsewhere link set par0 up && ip -n elsewhere link set par1 up")
    copy.run("systemd-run", "--unit=elsewhere", "nsenter", "--net=/run/netns/elsewhere", "arplined", "--parent", "par0")
    wait_until(lambda: attached_elsewhere(copy), 10, "the other daemon is attached")
    copy.run("systemctl", "kill", "--signal=KILL", "elsewhere")
    wait_until(lambda: copy.property("elsewhere", "ActiveState") != "active", 5, "it is dead")
    assert attached_elsewhere(copy)


@pytest.mark.alone
@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_service_runs_dpdks_daemon_with_the_drop_in_of_its_package():
    with booted() as (_, copy, _, wire):
        child = container(copy, 0)
        configure(copy)
        copy.shell(f"echo 'port = \"ethdev\"' >>{CONFIG}")
        drop_in = ROOT / "tools" / "package" / "arplined-dpdk.conf"
        copy.run("mkdir", "-p", "/etc/systemd/system/arplined.service.d")
        copy.write(f"/etc/systemd/system/arplined.service.d/{drop_in.name}", drop_in.read_text(encoding="utf-8"))
        copy.run("dpkg", "--install", "/mnt/arpline.deb", "/mnt/arpline-dpdk.deb")
        wait_until(lambda: copy.property("arplined", "ActiveState") == "active", 10, lambda: log(copy))
        assert "arplined-dpdk" in copy.property("arplined", "ExecStart"), log(copy)
        confirm(wire, copy, child)
        ringed = copy.status()["verdicts"]["ring"]
        assert wire.replies(who_has(child), 1.0), log(copy)
        assert copy.status()["verdicts"]["ring"] == ringed + 1, log(copy)
        telemetry = "/run/dpdk/arpline/dpdk_telemetry.v2"
        assert copy.run("test", "-S", telemetry, check=False).returncode == 0, log(copy)
