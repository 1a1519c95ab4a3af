# SPDX-License-Identifier: Apache-2.0
"""What others do beside a running daemon, on purpose or not, and what it makes of it."""
import grp
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from common import (Lab, Skip, announcements, arpline, arplined, confirm, endpoint, exchange,
                    fast_path_warning, frames, link_id, options, residue, run, serve, serve_fast, teardown, verdict,
                    wait_known, wait_until, who_has, wired)
from lab.wire import Wire

NOBODY = 65534
KEEP = {"parent": {"nic0": {"on_stop": "keep"}}}


def filters(host):
    return host.ns.run("tc", "filter", "show", "dev", host.nic, "egress", check=False).stdout


def filter_id(host):
    """The program id of our egress filter, or None."""
    words = filters(host).split()
    return words[words.index("id") + 1] if "id" in words else None


def filter_is_there(host, before):
    """The first daemon's filter and program are what they were, and it confirms what the kernel answers."""
    return filter_id(host) == before and host.status()["egress"] == "seen"


def as_nobody(host, *words, group=NOBODY):
    return host.ns.run("setpriv", "--reuid", NOBODY, "--regid", group, "--clear-groups", *words, check=False)


# A second daemon that fails to start takes nothing of the first one along.

def refused_beside(host, daemon, wire, *args, before_start=lambda: None):
    filter_before, link_before = filter_id(host), link_id(host.status()["pins"])
    before_start()
    done = host.ns.run(arplined(), *args, check=False, timeout=20)
    assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1, done
    assert daemon.running() and filter_id(host) == filter_before is not None, filters(host)
    status = next(one for one in json.loads(host.arpline("status", "--json").stdout)["parents"])
    assert link_id(status["pins"]) == link_before and status["lease"] == "live" and status["egress"] == "seen"
    assert [one.sha for one in wire.replies(who_has(host.children[0]), 1.0)] == [host.children[0].mac]


def test_second_daemon_with_another_run_root_takes_nothing_along():
    with Lab() as lab:
        host, _, daemon, wire = serve(lab)
        confirm(wire, host, host.children[0])
        refused_beside(host, daemon, wire, "--parent", host.nic, "--run-root", str(lab.folder / "run"))


def test_second_daemon_with_other_roots_takes_nothing_along():
    """As one in a container that shares the host's network and nothing else."""
    with Lab() as lab:
        host, _, daemon, wire = serve(lab)
        confirm(wire, host, host.children[0])
        other = f"{teardown.PINS}-other-{lab.folder.name}"
        try:
            refused_beside(host, daemon, wire, "--parent", host.nic, "--run-root", str(lab.folder / "run"),
                           "--pin-root", other)
        finally:
            if Path(other).is_dir():
                assert not list(Path(other).iterdir()), "it has left pins"
                Path(other).rmdir()


def test_second_daemon_on_a_parent_that_was_renamed_takes_nothing_along():
    with Lab() as lab:
        host, _, daemon, wire = serve(lab)
        confirm(wire, host, host.children[0])

        def rename():
            host.ns.ip("link", "set", host.nic, "name", "renamed0")
            host.nic = "renamed0"
        refused_beside(host, daemon, wire, "--parent", "renamed0", before_start=rename)


# The egress filter.

def deleted_and_back(delete):
    with Lab() as lab:
        host, _, daemon, wire = serve(lab)
        child = host.children[0]
        confirm(wire, host, child)
        delete(host)
        wait_until(lambda: host.status()["egress_attached_again"] == 1 and host.status()["egress"] == "seen", 3,
                   "it is attached again")
        assert "somebody has removed our egress filter" in daemon.log, daemon.log
        confirm(wire, host, child, mac="02:b0:00:00:00:77", address="10.77.0.77")
        assert daemon.stop() == 0
        assert not residue(host), residue(host)


def test_egress_filter_is_attached_again_after_clsact_was_deleted():
    deleted_and_back(lambda host: host.ns.run("tc", "qdisc", "del", "dev", host.nic, "clsact"))


def test_egress_filter_is_attached_again_after_it_was_deleted():
    deleted_and_back(lambda host: host.ns.run("tc", "filter", "del", "dev", host.nic, "egress"))


def test_egress_filter_never_lands_on_an_ingress_qdisc_and_comes_back_when_that_goes():
    with Lab() as lab:
        host, _, daemon, _ = serve(lab)
        for _ in range(20):  # whoever is quicker; a script that insists wins once
            if "ingress ffff" in host.ns.run("tc", "qdisc", "show", "dev", host.nic).stdout:
                break
            host.ns.run("sh", "-c", f"tc qdisc del dev {host.nic} clsact; tc qdisc add dev {host.nic} ingress; true",
                        check=False)
        else:
            raise Skip("arplined is always quicker with its clsact than tc with its ingress qdisc")
        wait_until(lambda: host.status()["egress"] == "missing", 5, "it is missing")
        assert any(f"tc qdisc del dev {host.nic} ingress" in one for one in host.status()["warnings"])
        assert "arpl_egress" not in host.ns.run("tc", "filter", "show", "dev", host.nic, "parent", "ffff:").stdout
        host.ns.run("tc", "qdisc", "del", "dev", host.nic, "ingress")
        wait_until(lambda: host.status()["egress"] == "seen", 5, "it is attached again")
        assert daemon.running()


def egress_seen_ns(host):
    limits = json.loads(run("bpftool", "-j", "map", "dump", "pinned", f"{host.status()['pins']}/limits").stdout)
    return limits[0]["formatted"]["value"]["egress_seen_ns"]


def test_programs_know_whether_egress_is_seen():
    """Again and again, within the two seconds that they trust it; not while another filter hides ours."""
    with Lab() as lab:
        host, _, _, _ = serve(lab)
        for _ in range(3):
            age = time.clock_gettime_ns(time.CLOCK_MONOTONIC) - egress_seen_ns(host)
            assert 0 <= age < 2_000_000_000, age
            time.sleep(0.7)


# The log.

def test_log_that_nobody_reads_holds_nothing_up_and_its_end_ends_nobody():
    with Lab() as lab:
        host, peer = wired(lab, children=0)
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


def test_status_tells_how_long_the_control_loop_takes():
    with Lab() as lab:
        host, _, _, _ = serve(lab)
        loop = wait_until(lambda: host.status()["loop"], 3, "it is told")
        assert 0 < loop["longest_turn_lately_ms"] <= loop["longest_turn_ms"], loop
        assert "control loop: longest turn" in host.arpline("status").stdout


# Who may do what.

def group_of_nobody():
    return grp.getgrgid(NOBODY).gr_name


def as_member(host, *words):
    return as_nobody(host, arpline(), *words)


def test_control_group_looks_and_only_root_changes():
    with Lab() as lab:
        host, _, daemon, _ = serve(lab, config={"control_group": group_of_nobody()})
        for words in (("status", "--json"), ("limit",)):
            done = as_member(host, *words)
            assert done.returncode == 0, done
        for words in (("limit", "to_child", "0"), ("reload",)):
            done = as_member(host, *words)
            assert done.returncode != 0 and "control_group_may_change" in done.stderr, done
        assert host.status()["limits"]["to_child"] == 100 and daemon.running()


def test_control_group_changes_where_the_configuration_says_so():
    with Lab() as lab:
        host, _, _, _ = serve(lab, config={"control_group": group_of_nobody(), "control_group_may_change": True})
        done = as_member(host, "limit", "to_child", "7")
        assert done.returncode == 0, done
        assert host.status()["limits"]["to_child"] == 7


# The ring exists where a frame can get into it.

def test_without_a_ring_budget_there_is_no_socket_and_the_queues_can_be_changed():
    with Lab() as lab:
        host, peer, daemon, wire = serve_fast(lab, queues=2)
        child = host.children[0]
        confirm(wire, host, child)
        assert host.status()["queues"] == 0
        before = verdict(host, "reflect")
        assert len(wire.replies(who_has(child), 1.0)) == 1 and verdict(host, "reflect") == before + 1
        assert announcements(wire.collect(3.0), child) or endpoint(host, child)["announced_seconds_ago"] is not None
        # The other end may not have more of them to send by than this one has to receive by.
        peer.ns.run("ethtool", "-L", peer.nic, "tx", 1)
        done = host.ns.run("ethtool", "-L", host.nic, "rx", 1, check=False)
        assert done.returncode == 0, done
        assert len(wire.replies(who_has(child), 1.0)) == 1
        assert daemon.running()


@options(alone=True)
def test_ring_is_made_and_closed_with_its_budget_and_loses_no_frame():
    with Lab() as lab:
        host, _, _, wire = serve_fast(lab)
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


# What keep has kept, and is wanted otherwise now.

def xdp_mode(host):
    text = host.ns.ip("-d", "link", "show", "dev", host.nic).stdout
    return "generic" if "xdpgeneric" in text else "native" if "prog/xdp" in text else None


def test_generic_xdp_that_is_changed_over_keep_is_applied():
    with Lab() as lab:
        host, _, daemon, wire = serve(lab, config=KEEP)
        confirm(wire, host, host.children[0])
        daemon.stop()
        assert xdp_mode(host) == "native"
        generic = host.start_arplined({"parent": {"nic0": {"on_stop": "keep", "generic_xdp": True}}})
        assert xdp_mode(host) == "generic"
        assert "attached in another way" in generic.log, generic.log
        generic.stop()
        host.start_arplined(KEEP)
        assert xdp_mode(host) == "native"
        confirm(wire, host, host.children[0])


# Somebody was there first.

def test_folders_that_a_local_user_made_first_are_taken_over():
    """bpffs is mode 1777 where systemd mounts it."""
    with Lab() as lab:
        host, peer = wired(lab)
        mounted = Path(tempfile.mkdtemp(prefix="arpl-bpffs-"))  # a bpffs of its own: this machine's may be root's alone
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

def test_lease_in_a_time_namespace_lasts_no_longer():
    with Lab() as lab:
        host, _ = wired(lab)
        shifted = ("unshare", "--time", "--monotonic", "3600", "--fork", "--kill-child=TERM")
        probe = run(*shifted, "true", check=False)
        if probe.returncode != 0:
            raise Skip(f"no time namespaces: {probe.stderr.strip()}")
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


# A driver that does not send what XDP answers.

def way_around_the_mtu(lab, peer):
    """A wire whose frames leave by the peer's NIC without a look at its MTU; the answers have to fit into it."""
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


@options(timeout=90)
def test_fast_path_is_off_for_a_while_when_the_driver_refuses_its_answers():
    """And counted: the program's verdict says that they were sent. Here they are longer than the other end takes."""
    with Lab() as lab:
        host, peer, daemon, wire = serve_fast(lab)
        child = host.children[0]
        confirm(wire, host, child)
        if host.status()["reflect_refused"] is None:
            raise Skip("this kernel has no trace points with BTF")
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


# The other end of a veth.

def test_fast_path_follows_the_other_ends_program_at_once_and_loses_no_frame():
    """By the event of it: what XDP sends while the other end has no program is lost."""
    with Lab() as lab:
        host, peer, _, wire = serve_fast(lab)
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
