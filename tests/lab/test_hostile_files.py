# SPDX-License-Identifier: Apache-2.0
"""
arpline's tools neither open nor wait for objects that a container puts in the place of its manager's files. These tests
run alone, because doctor reads the containers of other labs as well.
"""
import re
import shutil
import sys
import time
from pathlib import Path

import pytest
from common import arpline, run, wait_known, wait_until, wired
from doctor import find, findings

HOSTILE = Path(__file__).with_name("hostile.py")
LONGEST_SECONDS = 2.0
OPENED = re.compile(r"\b(?:open|openat|openat2)\((?:AT_FDCWD|\d+)?,? ?\"([^\"]*)\", ([^)]*)\) += (-?\d+)")


def hostile(lab, child, kind):
    """Starts the hostile process and waits until it is ready."""
    ready = lab.folder / f"ready-{child.ns.name}"
    log = lab.folder / f"hostile-{child.ns.name}.log"
    ifindex = child.ns.run("cat", f"/sys/class/net/{child.interface}/ifindex", sysfs=True).stdout.strip()
    with open(log, "wb") as out:
        process = child.ns.spawn("unshare", "-m", "--propagation", "private", sys.executable, HOSTILE, kind, ifindex,
                                 ready, stdout=out, stderr=out)
    wait_until(lambda: ready.exists() or process.poll() is not None, 10, "it is ready")
    if not ready.exists():
        pytest.skip(f"{kind}: {log.read_text(encoding='utf-8').strip().splitlines()[-1]}")
    return process


def traced(host, lab, *words):
    """The files that the program has opened or tried to open: (path, flags) each."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed: tools/deps")
    log = lab.folder / "strace.log"
    done = host.ns.run("strace", "-f", "-qq", "-s", "300", "-e", "trace=open,openat,openat2,execve,execveat", "-o", log,
                       arpline(), *words, check=False)
    assert done.returncode in (0, 1, 2), done.stderr
    text = log.read_text(encoding="utf-8", errors="replace")
    assert len(re.findall(r"\bexecve(?:at)?\(", text)) == 1, text
    return [(path, flags) for path, flags, _ in OPENED.findall(text)]


def timed(host, *words):
    began = time.monotonic()
    done = host.ns.run(arpline(), *words, check=False)
    return time.monotonic() - began, done


def never_opened(lab, kind):
    host, _ = wired(lab)
    hostile(lab, host.children[0], kind)
    opened = traced(host, lab, "doctor", "--json")
    below = [(path, flags) for path, flags in opened if "NetworkManager" in path]
    assert below and all("O_PATH" in flags for _, flags in below), below
    # Only a file that was found to be small and regular is opened by its descriptor; here there is none.
    wrong = [path for path, _ in opened if re.search(r"shadow|kmsg|^/proc/self/fd/", path)]
    assert not wrong, wrong
    assert not find(host, "managed")
    took, done = timed(host, "doctor")
    assert took < LONGEST_SECONDS, f"{took:.1f} s: {done.stdout}"


@pytest.mark.alone
def test_small_file_is_read_and_its_finding_runs_nothing_of_the_containers(lab, wired):
    host, _ = wired()
    process = hostile(lab, host.children[0], "file")
    found = [path for path, _ in traced(host, lab, "doctor", "--json") if path.startswith("/proc/self/fd/")]
    assert len(found) == 1, found
    [finding] = find(host, "managed")
    assert finding["command"] is None and str(process.pid) in finding["evidence"], finding
    assert not any("nsenter -t" in (one["command"] or "") and " -m" in one["command"] for one in findings(host))


@pytest.mark.alone
def test_device_node_is_not_opened(lab):
    never_opened(lab, "device")


@pytest.mark.alone
def test_fifo_without_a_writer_is_not_opened(lab):
    never_opened(lab, "fifo")


@pytest.mark.alone
def test_link_out_of_the_containers_root_is_not_followed(lab):
    never_opened(lab, "shadow")


@pytest.mark.alone
def test_link_through_the_hosts_root_is_not_followed(lab):
    never_opened(lab, "host")


@pytest.mark.alone
def test_link_to_a_magic_link_is_not_followed(lab):
    never_opened(lab, "magic")


@pytest.mark.alone
def test_huge_file_is_not_opened(lab):
    never_opened(lab, "huge")


@pytest.mark.alone
def test_folder_in_a_files_place_is_not_opened(lab):
    never_opened(lab, "directory")


@pytest.mark.alone
def test_folder_that_is_a_link_is_not_followed(lab):
    never_opened(lab, "folder")


@pytest.mark.alone
def test_kernels_file_below_a_files_name_is_not_opened(lab):
    never_opened(lab, "kmsg")


def ended_readers(host):
    """The readers that still run; only those that a file system blocks may."""
    return run("pgrep", "-f", f"{arpline()} doctor", check=False).stdout.split()


@pytest.mark.alone
def test_file_system_that_never_answers_holds_nobody_up(lab, wired):
    host, _ = wired(children=2)
    process = hostile(lab, host.children[0], "fuse")
    hostile(lab, host.children[1], "file")
    for command in (("doctor",), ("doctor", "--json")):
        took, done = timed(host, *command)
        assert took < LONGEST_SECONDS, f"{took:.1f} s: {done.stdout}"
    assert f"/proc/{process.pid}/root: its file system does not answer" in done.stdout, done.stdout
    assert find(host, "managed"), "the other container's file is read all the same"
    process.kill()
    wait_until(lambda: not ended_readers(host), 5, lambda: f"who has waited for it ends: {ended_readers(host)}")


@pytest.mark.alone
def test_daemon_opens_nothing_in_a_containers_mounts(lab, serve):
    host, _, daemon, _ = serve()
    if not shutil.which("strace"):
        pytest.skip("strace is not installed: tools/deps")
    log = lab.folder / "daemon.strace"
    tracer = host.ns.spawn("strace", "-f", "-qq", "-e", "trace=open,openat,openat2,execve", "-o", log, "-p",
                           daemon.pid)
    wait_until(lambda: "TracerPid:\t0" not in Path(f"/proc/{daemon.pid}/status").read_text(encoding="ascii"), 5,
               "it is traced")
    for kind in ("device", "fifo", "fuse"):
        child = host.add_child()
        hostile(lab, child, kind)
        wait_known(host, child)
    assert host.status()["lease"] == "live"
    tracer.terminate()
    tracer.wait(5)
    opened = log.read_text(encoding="utf-8", errors="replace")
    assert "/ns/net" in opened or "/run/netns" in opened, "it did look for them"
    wrong = re.findall(r"\"(/proc/\d+/(?:root|cwd|fd|map_files)[^\"]*|[^\"]*NetworkManager[^\"]*)\"", opened)
    assert not wrong and "execve(" not in opened, wrong
