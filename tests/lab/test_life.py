# SPDX-License-Identifier: Apache-2.0
"""Start, stop, crash and take-over of the daemon, and conflicts with other users of the parent."""
import re
import socket

import pytest
from common import (Arplined, arpline, confirm, endpoint, link_id, refused, residue, teardown, thread_held, verdict,
                    wait_known, wait_until, who_has)

KEEP = {"parent": {"nic0": {"on_stop": "keep"}}}


def nothing_left(host):
    left = residue(host)
    assert not left, f"left behind: {left}"


def test_stop_leaves_nothing_behind(serve):
    host, peer, daemon, _ = serve(children=2)
    assert daemon.stop() == 0
    nothing_left(host)
    assert peer.ping(host.children[0].address).answered == 3


def test_detach_with_the_daemon_dead_leaves_nothing_behind(serve):
    host, peer, daemon, _ = serve(children=2)
    daemon.kill9()
    assert residue(host), "a killed daemon cannot have cleaned up"
    done = host.arpline("detach", host.nic)
    assert done.returncode == 0, done.stderr
    nothing_left(host)
    assert peer.ping(host.children[0].address).answered == 3


def test_detach_where_nothing_is_attached_says_so(wired):
    host, _ = wired()
    done = host.arpline("detach", host.nic)
    assert len((done.stdout + done.stderr).strip().splitlines()) == 1, done
    nothing_left(host)


def test_status_tells_a_live_daemon_from_a_dead_one(serve):
    host, _, daemon, wire = serve()
    confirm(wire, host, host.children[0])
    assert host.arpline("status", "--json").returncode == 0
    assert host.arpline("status").returncode == 0
    daemon.kill9()
    assert host.arpline("status", "--json").returncode == 3
    status = host.status()
    assert status["daemon"] is False
    assert [one["address"] for one in status["endpoints"]] == [host.children[0].address]
    wait_until(lambda: host.status()["lease"] == "expired", 5, "the lease is expired")


def test_kernel_answers_after_a_crash(serve):
    host, _, daemon, wire = serve()
    confirm(wire, host, host.children[0])
    daemon.kill9()
    wait_until(lambda: host.status()["lease"] == "expired", 5, "the lease is expired")
    before = verdict(host, "lease_expired")
    for _ in range(5):
        assert len(wire.replies(who_has(host.children[0]), 1.0)) == 1
    assert verdict(host, "lease_expired") == before + 5


def take_over(serve, config, end):
    """A second daemon takes over from the first: the same link, endpoints still confirmed."""
    host, _, daemon, wire = serve(children=2, config=config)
    confirm(wire, host, *host.children)
    pins, ringed = host.status()["pins"], verdict(host, "ring")
    before = link_id(pins)
    end(daemon)
    assert link_id(pins) == before, "the program was detached"
    host.start_arplined(config)
    assert host.status()["pins"] == pins and link_id(pins) == before, "the program was attached anew"
    wait_known(host, *host.children)
    for child in host.children:
        assert endpoint(host, child)["state"] == "confirmed", endpoint(host, child)
        assert len(wire.replies(who_has(child), 1.0)) == 1
    assert verdict(host, "ring") >= ringed + 2, "the pairs were lost"


def test_take_over_after_a_crash(serve):
    take_over(serve, None, lambda daemon: daemon.kill9())


def test_take_over_after_a_stop_with_keep(serve):
    take_over(serve, KEEP, lambda daemon: daemon.stop())


def test_second_daemon_on_the_same_parent_is_refused(serve):
    host, _, daemon, wire = serve()
    refused(host, "--parent", host.nic, expect=(host.nic,))
    assert daemon.running() and host.status()["daemon"]
    confirm(wire, host, host.children[0])


def test_two_parents_of_one_name_in_two_namespaces_are_served(lab):
    served = []
    for number in (1, 2):
        host, peer = lab.host(f"host{number}"), lab.peer(f"peer{number}")
        lab.connect(host, peer)
        host.add_child()
        host.start_arplined()
        served.append((host, peer))
    for host, peer in served:
        confirm(peer.wire(), host, host.children[0])
    assert served[0][0].status()["pins"] != served[1][0].status()["pins"]


def test_foreign_xdp_program_is_left_alone(wired):
    host, _ = wired(children=0)
    host.load_pass_program()
    host.add_child()
    refused(host, "--parent", host.nic, expect=(host.nic, "lab_pass"))
    assert "lab_pass" in host.ns.ip("-d", "link", "show", "dev", host.nic).stdout


@pytest.mark.timeout(90)
def test_parent_that_is_deleted_and_made_again_is_served_again(lab, serve):
    host, peer, daemon, wire = serve()
    confirm(wire, host, host.children[0])
    logged = len(daemon.log)
    host.ns.ip("link", "del", host.nic)
    wait_until(lambda: len(daemon.log) > logged, 5, "the log says that the parent is gone")
    assert daemon.running()
    lab.veth(host.ns, host.nic, peer.ns, peer.nic)
    child = host.add_child()
    wait_until(lambda: (host.status() or {"daemon": False})["daemon"], 10, "the parent is served again")
    confirm(peer.wire(), host, child)
    said = daemon.log[logged:]
    assert len(re.findall(rf"\b{host.nic}\b", said)) >= 2, f"the log does not say what happened: {said}"
    daemon.stop()
    nothing_left(host)


def test_log_of_a_quiet_life_is_short(serve):
    host, peer, daemon, _ = serve(children=4)
    for child in host.children:
        peer.arping(child.address, 2)
    daemon.stop()
    lines = daemon.log.strip().splitlines()
    assert 0 < len(lines) < 40, daemon.log


def test_preflight_finds_nothing_wrong_with_a_good_parent(wired):
    host, _ = wired()
    for words in (("preflight", host.nic), ("preflight", host.nic, "--json")):
        done = host.arpline(*words)
        assert done.returncode == 0, done.stdout + done.stderr
    nothing_left(host)


def test_parent_without_containers_is_served(wired):
    """It serves the first container that appears."""
    host, peer = wired(children=0)
    Arplined(host).wait_serving()
    confirm(peer.wire(), host, host.add_child())


def test_detach_with_the_daemon_hung_frees_the_parent_and_the_daemon_ends(serve):
    host, peer, daemon, _ = serve()
    daemon.sigstop()
    done = host.arpline("detach", host.nic)
    assert done.returncode == 0, done.stderr
    assert peer.ping(host.children[0].address).answered == 3
    daemon.sigcont()
    assert daemon.wait_exit() == 0
    nothing_left(host)


def test_hung_control_thread_with_a_live_worker_ends_in_everything_passing(serve):
    host, _, daemon, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    with thread_held(daemon.pid):
        wait_until(lambda: host.status()["lease"] == "expired", 5, "the lease is expired")
        before = host.status()["verdicts"]
        for _ in range(20):
            assert len(wire.replies(who_has(child), 1.0)) == 1
        after = host.status()["verdicts"]
        assert after["lease_expired"] == before["lease_expired"] + 20 and after["ring"] == before["ring"]
    wait_until(lambda: host.status()["lease"] == "live", 5, "it serves again")
    assert len(wire.replies(who_has(child), 1.0)) == 1 and verdict(host, "ring") > before["ring"]


def test_macvlan_is_no_parent(wired):
    host, _ = wired(children=0)
    host.ns.ip("link", "add", "mv0", "link", host.nic, "type", "macvlan", "mode", "bridge")
    refused(host, "--parent", "mv0", expect=("mv0 is itself a macvlan",))


def test_generic_xdp_serves_without_a_ring(serve):
    host, peer, _, wire = serve(config={"parent": {"nic0": {"generic_xdp": True, "fast_path": False}}})
    child = host.children[0]
    for _ in range(3):
        assert len(wire.replies(who_has(child), 1.0)) == 1
    status = host.status()
    assert status["queues"] == 0 and any("no ring" in line for line in status["warnings"])
    assert verdict(host, "ring") == 0 and endpoint(host, child)["state"] == "confirmed"
    assert peer.ping(child.address).answered == 3


def test_junk_on_the_control_socket_changes_nothing(serve):
    host, _, daemon, _ = serve()
    path = str(next(teardown.RUN.glob(f"*-{host.ns.inode}")) / "control.sock")
    for junk in (b"\n", b"{}\n", b"[1]\n", b'{"cmd": 5}\n', b'{"cmd": "\xff"}\n', b"x" * 100_000,
                 b"{" * 4000 + b"\n"):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.settimeout(2)
            try:
                client.sendall(junk)
                client.recv(4096)
            except OSError:
                pass  # the daemon has closed the connection
    idle = [socket.socket(socket.AF_UNIX) for _ in range(40)]
    for client in idle:
        client.connect(path)
    for client in idle:
        client.close()
    assert daemon.running() and host.status()["lease"] == "live"


def test_status_without_the_right_to_look_says_so(serve):
    host, _, _, _ = serve()
    done = host.ns.run("setpriv", "--reuid", 65534, "--regid", 65534, "--clear-groups", arpline(), "status",
                       check=False)
    assert done.returncode not in (0, 3) and "run as root" in done.stderr, done


# State that on_stop = keep has left, under a configuration that wants another.

def xdp_mode(host):
    text = host.ns.ip("-d", "link", "show", "dev", host.nic).stdout
    return "generic" if "xdpgeneric" in text else "native" if "prog/xdp" in text else None


def test_generic_xdp_that_is_changed_over_keep_is_applied(serve):
    host, _, daemon, wire = serve(config=KEEP)
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


def test_status_tells_how_long_the_control_loop_takes(serve):
    host, _, _, _ = serve()
    loop = wait_until(lambda: host.status()["loop"], 3, "it is told")
    assert 0 < loop["longest_turn_lately_ms"] <= loop["longest_turn_ms"], loop
    assert "control loop: longest turn" in host.arpline("status").stdout
