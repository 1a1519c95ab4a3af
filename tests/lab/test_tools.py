# SPDX-License-Identifier: Apache-2.0
"""The tools' privileges, their advice, and the files that they write."""
import grp
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from common import arpgen, arpline, arplined, run, teardown, wait_until
from doctor import found
from test_replay import AS_ENDPOINT, EXCHANGE, capture, pcap, replay

LONGEST_SECONDS = 2.0
NO_PRIVILEGES = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--")
NOBODY = 65534


def full(*argv):
    """Runs the command with a full disk as its standard output."""
    with open("/dev/full", "wb") as nowhere:
        return subprocess.run([str(word) for word in argv], stdout=nowhere, stderr=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL, check=False)


def status_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


# Privileges.

def test_doctor_prints_without_capabilities(lab, wired):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed: tools/deps")
    host, _ = wired()
    log = lab.folder / "strace.log"
    host.ns.run("strace", "-qq", "-e", "trace=capset,prctl,write", "-o", log, arpline(), "doctor", check=False)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = next(at for at, line in enumerate(lines) if line.startswith("write(1,"))
    dropped = [at for at, line in enumerate(lines) if "effective=0, permitted=0, inheritable=0" in line]
    assert dropped and dropped[-1] < said, lines[-20:]
    assert any("PR_SET_NO_NEW_PRIVS, 1" in line for line in lines[:said])


def test_status_needs_nothing_but_the_socket(serve):
    host, _, _, _ = serve()
    for words in (("status",), ("status", "--json"), ("status", "--gone"), ("status", "--senders")):
        done = host.ns.run(*NO_PRIVILEGES, arpline(), *words, check=False)
        assert done.returncode == 0 and done.stdout, (words, done)


def test_replay_refuses_root_unless_told_and_reads_as_nobody():
    with capture(pcap(EXCHANGE)) as path:
        done = run(arpline(), "replay", path, *AS_ENDPOINT, check=False)
        assert done.returncode == 1 and "--as-root" in done.stderr and not done.stdout, done
        fifo = path.with_name("fifo")
        os.mkfifo(fifo)
        with subprocess.Popen([arpline(), "replay", "--as-root", "--json", fifo, *AS_ENDPOINT],
                              stdout=subprocess.DEVNULL) as reader:
            with open(fifo, "wb") as feed:
                def child():
                    return Path(f"/proc/{reader.pid}/task/{reader.pid}/children").read_text(encoding="ascii").split()
                pid = wait_until(child, 5, "a process of its own reads")[0]
                wait_until(lambda: status_of(pid)["Seccomp"] == "2", 5, "its system calls are filtered")
                state = status_of(pid)
                assert set(state["Uid"].split()) == set(state["Gid"].split()) == {str(NOBODY)}, state
                assert state["NoNewPrivs"] == "1" and not state["Groups"].strip(), state
                assert all(int(state[key], 16) == 0 for key in ("CapEff", "CapPrm", "CapInh", "CapAmb")), state
                feed.write(path.read_bytes())
            assert reader.wait(10) == 0


# Output and advice.

def test_folder_is_no_configuration(lab, wired):
    host, _ = wired(children=0)
    for argv, code in (((arplined(), "--parent", host.nic, "--config", lab.folder), 1),
                       ((arpline(), "check", lab.folder), 1),
                       ((arplined(), "--parent", host.nic, "--config", ""), 2)):
        done = host.ns.run(*argv, check=False, timeout=10)
        assert done.returncode == code and len(done.stderr.strip().splitlines()) == 1, done


def test_nobody_is_told_to_mount_over_a_folder(lab, wired):
    host, _ = wired(children=0)
    done = host.ns.run(arplined(), "--parent", host.nic, "--pin-root", lab.folder / "pins", check=False, timeout=10)
    assert done.returncode == 1 and "/sys/fs/bpf" in done.stderr, done
    assert not re.search(r"mount -t bpf bpf (?!/sys/fs/bpf)", done.stderr), done.stderr


def test_preflight_of_an_ordinary_user_calls_no_program_foreign(serve):
    host, _, _, _ = serve()
    done = host.ns.run("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", arpline(), "preflight",
                       host.nic, check=False)
    lines = [line for line in done.stdout.splitlines() if "xdp_program" in line]
    assert len(lines) == 1 and lines[0].startswith("warning") and "root's to know" in lines[0], done
    assert "xdp off" not in done.stdout and "bpftool link" not in done.stdout, done.stdout


def test_own_program_of_another_daemon_is_not_to_be_removed(lab, serve):
    host, _, _, _ = serve()
    other = f"{teardown.PINS}-tools-{lab.folder.name}"
    done = host.ns.run(arplined(), "--parent", host.nic, "--run-root", lab.folder / "run", "--pin-root", other,
                       check=False, timeout=20)
    if Path(other).is_dir():
        Path(other).rmdir()
    assert done.returncode == 1 and "arpline's own" in done.stderr and "xdp off" not in done.stderr, done


@pytest.mark.alone
def test_daemon_that_hangs_is_told_as_hung_by_every_command_in_time(serve):
    host, _, daemon, _ = serve()
    daemon.sigstop()
    try:
        for words in (("status",), ("status", "--gone"), ("limit",), ("reload",), ("doctor",)):
            began = time.monotonic()
            done = host.ns.run(arpline(), *words, check=False)
            took = time.monotonic() - began
            said = done.stdout + done.stderr
            assert took < LONGEST_SECONDS, f"{words}: {took:.1f} s"
            assert done.returncode != 0 and ("hangs" in said or "does not answer" in said), (words, done)
            assert "no arplined runs" not in said, (words, said)
        assert "does not answer" in found(host, "stale_lease")["evidence"]
    finally:
        daemon.sigcont()
    wait_until(lambda: host.status()["lease"] == "live", 5, "it goes on")


# Words that they don't know.

def test_wrong_command_line_is_exit_code_2_of_every_program():
    for command in ((arpline(), "--nonsense"), (arplined(), "--nonsense"), (arplined(), "--config", ""),
                    (arplined(), "--on-stop", "never"), (arpgen(), "--nonsense")):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and not done.stdout, (command, done)


@pytest.mark.parametrize("words", [("status", "a\nb"), ("doctor", "10.0.0.9\nb"), ("check", "/no/a\nb"),
                                   ("detach", "a\nb"), ("replay", "--as-root", *AS_ENDPOINT, "/no/a\nb"), ("a\nb",)])
def test_line_break_in_an_argument_makes_no_second_line_of_an_error(lab, words):
    done = lab.namespace("alone").run(arpline(), *words, check=False)
    assert done.returncode != 0 and done.stderr.count("\n") == 1 and "\\x0a" in done.stderr, done


# Files that they write.

def test_full_disk_is_an_error_of_every_tool(serve):
    host, _, _, _ = serve()
    with capture(pcap(EXCHANGE)) as path:
        commands = [(arpline(), *words) for words in
                    (("status",), ("status", "--json"), ("status", "--gone"), ("limit",), ("limit", "--json"),
                     ("reload",), ("preflight", host.nic), ("replay", "--as-root", path, *AS_ENDPOINT),
                     ("replay", "--as-root", "--json", path, *AS_ENDPOINT), ("--help",), ("--version",))]
        commands += [(arplined(), "--help"), (arplined(), "--version"), (arpgen(), "presets"), (arpgen(), "--help"),
                     (arpgen(), "print", "--to", "10.0.0.1", "--frames", "10000")]
        for command in commands:
            done = full(*host.ns.command(*command))
            assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, (command, done)
        done = full(*host.ns.command(arpline(), "doctor"))
        assert done.returncode == 3 and len(done.stderr.splitlines()) == 1, done


def test_capture_on_standard_input_is_never_written_over():
    with capture(pcap(EXCHANGE)) as path:
        before = path.read_bytes()
        link = path.with_name("link")
        link.symlink_to(path.name)
        for target in (path, link):
            with open(path, "rb") as given:
                done = subprocess.run([arpline(), "replay", "--as-root", "-", *AS_ENDPOINT, "--write", target],
                                      stdin=given, capture_output=True, text=True, check=False)
            assert done.returncode == 1 and "the capture itself" in done.stderr, done
            assert path.read_bytes() == before and link.is_symlink()


def test_refused_capture_leaves_what_was_there_and_no_half_file():
    with capture(pcap(EXCHANGE)[:-1]) as path:
        out = path.with_name("out.pcapng")
        for before in (None, b"before"):
            if before:
                out.write_bytes(before)
            assert replay(path, *AS_ENDPOINT, "--write", out, check=False).returncode == 1
            assert (out.read_bytes() if out.exists() else None) == before
            assert {one.name for one in path.parent.iterdir()} <= {path.name, out.name}


def test_replay_that_is_ended_leaves_no_half_file():
    with capture(pcap(EXCHANGE)) as path:
        fifo, out = path.with_name("fifo"), path.with_name("out.pcapng")
        os.mkfifo(fifo)
        with subprocess.Popen([arpline(), "replay", "--as-root", fifo, *AS_ENDPOINT, "--write", out],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as reader:
            with open(fifo, "wb"):
                wait_until(lambda: len(list(path.parent.iterdir())) == 3, 5, "it has begun to write")
                reader.terminate()
                assert reader.wait(5) == 1
        assert {one.name for one in path.parent.iterdir()} == {path.name, fifo.name}


# Records of changes, and the permission to make them.

SAY = ("import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.argv[2].encode()"
       " + b'\\n'); print(s.recv(65536).decode())")


def test_control_group_may_not_change_anything_by_whatever_it_says(serve):
    host, _, daemon, _ = serve(config={"control_group": grp.getgrgid(NOBODY).gr_name})
    socket = next(teardown.RUN.glob(f"*-{host.ns.inode}/control.sock"))
    for request in ({"cmd": "detach"}, {"cmd": "reload"}, {"cmd": "limit", "reset": True},
                    {"cmd": "limit", "name": "to_child", "value": "7"}, {"cmd": "limit", "value": None}):
        done = host.ns.run("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "/usr/bin/python3",
                           "-c", SAY, socket, json.dumps(request))
        assert "control_group_may_change" in json.loads(done.stdout)["error"], (request, done.stdout)
    assert daemon.running() and host.status()["limits"]["to_child"] == 100
    assert "asked for by" not in daemon.log, daemon.log


def test_log_tells_who_has_changed_a_limit(serve):
    host, _, daemon, _ = serve()
    host.arpline("limit", "to_child", "7")
    line = next(line for line in daemon.log.splitlines() if "limit to_child is 7 now" in line)
    assert re.search(r"asked for by uid 0, pid \d+, command \"arpline\"$", line), line
    host.ns.run("python3", "-c", "import socket, sys; open('/proc/self/comm', 'w').write('a\\x1b[31m\\n'); "
                "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
                "s.sendall(b'{\"cmd\": \"limit\", \"name\": \"to_child\", \"value\": \"8\"}\\n'); s.recv(100000)",
                next(teardown.RUN.glob(f"*-{host.ns.inode}/control.sock")))
    line = next(line for line in daemon.log.splitlines() if "limit to_child is 8 now" in line)
    assert r'command "a\x1b[31m"' in line and "\x1b[31m" not in line.rsplit("command", 1)[1], line
