# SPDX-License-Identifier: Apache-2.0
"""Other programs beside a running daemon, with or without intent, and the daemon's reactions."""
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from common import arplined, confirm, endpoint, link_id, residue, run, teardown, wait_known, wait_until, who_has

NOBODY = 65534
KEEP = {"parent": {"nic0": {"on_stop": "keep"}}}


def filters(host):
    return host.ns.run("tc", "filter", "show", "dev", host.nic, "egress", check=False).stdout


def filter_id(host):
    """The program id of arpline's egress filter, or None."""
    words = filters(host).split()
    return words[words.index("id") + 1] if "id" in words else None


def filter_is_there(host, before):
    """The first daemon's filter and program are unchanged, and the daemon still confirms endpoints by their replies."""
    return filter_id(host) == before and host.status()["egress"] == "seen"


# A second daemon that fails to start leaves the first one intact.

def refused_beside(host, daemon, wire, *args, before_start=lambda: None):
    filter_before, link_before = filter_id(host), link_id(host.status()["pins"])
    before_start()
    done = host.ns.run(arplined(), *args, check=False, timeout=20)
    assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1, done
    assert daemon.running() and filter_id(host) == filter_before is not None, filters(host)
    status = next(one for one in json.loads(host.arpline("status", "--json").stdout)["parents"])
    assert link_id(status["pins"]) == link_before and status["lease"] == "live" and status["egress"] == "seen"
    assert [one.sha for one in wire.replies(who_has(host.children[0]), 1.0)] == [host.children[0].mac]


def test_second_daemon_with_another_run_root_takes_nothing_along(lab, serve):
    host, _, daemon, wire = serve()
    confirm(wire, host, host.children[0])
    refused_beside(host, daemon, wire, "--parent", host.nic, "--run-root", str(lab.folder / "run"))


def test_second_daemon_with_other_roots_takes_nothing_along(lab, serve):
    """As in a container that shares only the host's network."""
    host, _, daemon, wire = serve()
    confirm(wire, host, host.children[0])
    other = f"{teardown.PINS}-other-{lab.folder.name}"
    try:
        refused_beside(host, daemon, wire, "--parent", host.nic, "--run-root", str(lab.folder / "run"),
                       "--pin-root", other)
    finally:
        if Path(other).is_dir():
            assert not list(Path(other).iterdir()), "it has left pins"
            Path(other).rmdir()


def test_second_daemon_on_a_parent_that_was_renamed_takes_nothing_along(serve):
    host, _, daemon, wire = serve()
    confirm(wire, host, host.children[0])

    def rename():
        host.ns.ip("link", "set", host.nic, "name", "renamed0")
        host.nic = "renamed0"
    refused_beside(host, daemon, wire, "--parent", "renamed0", before_start=rename)


# The egress filter.

def deleted_and_back(serve, delete):
    host, _, daemon, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    delete(host)
    wait_until(lambda: host.status()["egress_attached_again"] == 1 and host.status()["egress"] == "seen", 3,
               "it is attached again")
    assert "somebody has removed our egress filter" in daemon.log, daemon.log
    confirm(wire, host, child, mac="02:b0:00:00:00:77", address="10.77.0.77")
    assert daemon.stop() == 0
    assert not residue(host), residue(host)


def test_egress_filter_is_attached_again_after_clsact_was_deleted(serve):
    deleted_and_back(serve, lambda host: host.ns.run("tc", "qdisc", "del", "dev", host.nic, "clsact"))


def test_egress_filter_is_attached_again_after_it_was_deleted(serve):
    deleted_and_back(serve, lambda host: host.ns.run("tc", "filter", "del", "dev", host.nic, "egress"))


def test_egress_filter_never_lands_on_an_ingress_qdisc_and_comes_back_when_that_goes(serve):
    host, _, daemon, _ = serve()
    daemon.sigstop()  # else its clsact is back before tc's next command
    host.ns.run("tc", "qdisc", "del", "dev", host.nic, "clsact")
    host.ns.run("tc", "qdisc", "add", "dev", host.nic, "ingress")
    daemon.sigcont()
    wait_until(lambda: host.status()["egress"] == "missing", 5, "it is missing")
    assert any(f"tc qdisc del dev {host.nic} ingress" in one for one in host.status()["warnings"])
    assert "arpl_egress" not in host.ns.run("tc", "filter", "show", "dev", host.nic, "parent", "ffff:").stdout
    host.ns.run("tc", "qdisc", "del", "dev", host.nic, "ingress")
    wait_until(lambda: host.status()["egress"] == "seen", 5, "it is attached again")
    assert daemon.running()


def egress_seen_ns(host):
    limits = json.loads(run("bpftool", "-j", "map", "dump", "pinned", f"{host.status()['pins']}/limits").stdout)
    return limits[0]["formatted"]["value"]["egress_seen_ns"]


def test_programs_know_whether_egress_is_seen(serve):
    """Repeatedly, within the two seconds for which they trust a result, but not while another filter hides ours."""
    host, _, _, _ = serve()
    for _ in range(3):
        age = time.clock_gettime_ns(time.CLOCK_MONOTONIC) - egress_seen_ns(host)
        assert 0 <= age < 2_000_000_000, age
        time.sleep(0.7)


# The log.

def test_log_that_nobody_reads_holds_nothing_up_and_its_end_ends_nobody(wired):
    host, peer = wired(children=0)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    process = host.ns.spawn(arplined(), "--parent", host.nic, stdout=writer, stderr=writer)
    os.close(writer)
    try:
        wait_until(lambda: (host.status() or {"daemon": False})["daemon"], 10, "it serves")
        child = host.add_child()
        wait_known(host, child)
        confirm(peer.wire(), host, child)
        assert host.status()["lease"] == "live"
        os.close(reader)
        reader = -1
        host.ns.ip("link", "set", host.nic, "down")
        host.ns.ip("link", "set", host.nic, "up")
        child.ns.ip("link", "del", child.interface)
        wait_until(lambda: endpoint(host, child) is None, 5, "the withdrawal, which is a line of the log")
        assert process.poll() is None and host.status()["lease"] == "live"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        if reader >= 0:
            os.close(reader)


# Somebody else has created the folders.

def test_folders_that_a_local_user_made_first_are_taken_over(lab, wired):
    """systemd mounts bpffs with mode 1777."""
    host, peer = wired()
    mounted = Path(tempfile.mkdtemp(prefix="arpl-bpffs-"))  # the machine's may be for root only
    root, run_root = mounted / "squat", lab.folder / "squat"
    mounted.chmod(0o755)
    run("mount", "-t", "bpf", "-o", "mode=1777", "bpf", str(mounted))
    try:
        done = run("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "mkdir", "-p",
                   f"{root}/nic0@1-2/deep", check=False)
        assert done.returncode == 0, done.stderr
        run_root.mkdir(mode=0o777)
        os.chown(run_root, NOBODY, NOBODY)
        process = host.ns.spawn(arplined(), "--parent", host.nic, "--pin-root", str(root), "--run-root",
                                str(run_root), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wire = peer.wire()
        wait_until(lambda: list(root.glob(f"{host.nic}@*-{host.ns.inode}/meta")) or process.poll() is not None, 10,
                   "it serves")
        assert process.poll() is None, process.stderr.read()
        assert wire.replies(who_has(host.children[0]), 1.0)
        for path in (root, run_root):
            assert path.stat().st_uid == 0 and path.stat().st_mode & 0o022 == 0, path
        assert not (root / "nic0@1-2").exists(), "what others put there is gone"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        run("umount", "--lazy", str(mounted), check=False)
        mounted.rmdir()


# Clocks.

def test_lease_in_a_time_namespace_lasts_no_longer(wired):
    host, _ = wired()
    shifted = ("unshare", "--time", "--monotonic", "3600", "--fork", "--kill-child=TERM")
    probe = run(*shifted, "true", check=False)
    if probe.returncode != 0:
        pytest.skip(f"no time namespaces: {probe.stderr.strip()}")
    process = host.ns.spawn(*shifted, arplined(), "--parent", host.nic,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        pins = wait_until(lambda: next(teardown.PINS.glob(f"*-{host.ns.inode}/lease"), None), 10, "it serves")

        def left():
            value = json.loads(run("bpftool", "-j", "map", "dump", "pinned", str(pins)).stdout)
            lease = value[0]["formatted"]["value"] if "formatted" in value[0] else 0
            return lease - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        wait_until(lambda: left() > 0, 5, "the lease is live by the kernel's clock")
        assert left() < 2_000_000_000, left()
    finally:
        process.kill()
        process.wait(10)
        wait_until(lambda: not list(teardown.PINS.glob(f"*-{host.ns.inode}")), 10, "it has ended")
