# SPDX-License-Identifier: Apache-2.0
"""Containers with names that attack root's terminal and shell: arpline's output, and the commands that it suggests."""
import ctypes
import json
import os
import re
import subprocess

import pytest
from common import arpline, arplined, run, wait_until

CLONE_NEWNS = 0x20000

# Interface names: any byte but '/', ':' and white space (0xa0 counts as one), at most 15.
INTERFACES = [
    b"$(id>pwn)", b"`id>pwn`", b";id>pwn;", b"&id>pwn&", b"|tee${IFS}pwn", b"a'b", b"'$(id>pwn)'", b'"$(id>pwn)"',
    b"\\",
    b"-f", b"--help", b"#x", b"~", b"*", b"a=b", b"all.x=1", b"!!",
    b"\x1b[31mred", b"\x1b]0;t\x07", b"\x7f\x08\x08", b"\x9b2J", b"\xc2\x9b2J", b"\xe2\x80\xaegnp",
    b"a\xe2\x80\x8bb", b"\xff\xfe\xc0\xaf",
    b"\xed\xbf\xbf", b"b\xc3\xbcro", b"\\x1b", b"a\xe2\x80\xa8b",
]
# File names: any byte but '/' and NUL.
NAMESPACES = [b"$(id>pwn)", b";id>pwn;", b"a b'c", b"\x1b[2J\n<3>forged", b"\xc2\x9b\x9b\xff", b"\xe2\x80\xae", b'"\\"']


def own_netns_folder() -> None:
    """Gives the test's process its own /run/netns, because other programs may not cope with these names."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.unshare(CLONE_NEWNS) == 0, os.strerror(ctypes.get_errno())
    run("mount", "--make-rprivate", "/")
    run("mkdir", "-p", "/run/netns")
    run("mount", "-t", "tmpfs", "tmpfs", "/run/netns")


def visible(name: bytes) -> str:
    """The form of names that docs/threats.md describes."""
    def one(character):
        code = ord(character)
        if 0xdc80 <= code <= 0xdcff:  # a byte that is not UTF-8
            return f"\\x{code - 0xdc00:02x}"
        if " " <= character <= "~":
            return character.replace("\\", "\\\\")
        return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return "".join(map(one, name.decode("utf-8", "surrogateescape")))


def is_clean(output: bytes) -> bytes:
    bad = [byte for byte in output if byte != 0x0a and not 0x20 <= byte < 0x7f]
    assert not bad, f"bytes {bytes(sorted(set(bad)))!r} in {output[:2000]!r}"
    return output


def printed(host, *args) -> bytes:
    done = subprocess.run(host.ns.command(arpline(), *args), capture_output=True, check=False, timeout=30,
                          stdin=subprocess.DEVNULL)
    assert done.stdout, done.stderr
    is_clean(done.stderr)
    return is_clean(done.stdout)


def as_json(host, *args):
    return json.loads(printed(host, *args, "--json"))


def rename(child, name: bytes) -> None:
    child.link("down")
    child.link("name", os.fsdecode(name))
    child.interface = os.fsdecode(name)
    child.ns.ip("link", "set", "dev", child.interface, "up")


def hostile_children(lab, host):
    """One child for each hostile interface name, in namespaces whose files have hostile names too."""
    children = []
    for number, interface in enumerate(INTERFACES):
        label = os.fsdecode(NAMESPACES[number % len(NAMESPACES)])
        child = host.add_child(ns=lab.namespace(f"{number}{label}"))
        rename(child, interface)
        children.append(child)
    return children


def run_commands(lab, host, shell) -> set:
    """Pastes all commands that doctor suggests into the shell. Returns the ids of the findings with a command."""
    scratch = lab.folder / f"scratch-{shell}"
    scratch.mkdir(exist_ok=True)
    findings = [one for one in as_json(host, "doctor")["findings"] if one["command"] and one["id"] != "neighbour_table"]
    for finding in findings:
        done = subprocess.run(host.ns.command(shell, "-c", finding["command"]), cwd=scratch, capture_output=True,
                              check=False, timeout=10, stdin=subprocess.DEVNULL,
                              env={**os.environ, "PATH": f"{os.path.dirname(arpline())}:{os.environ['PATH']}"})
        left = os.listdir(scratch)
        assert not left, f"{finding['command']} left {left}"
        assert done.returncode == 0, f"{finding['command']}: {done.stderr!r}"
    return {one["id"] for one in findings}


@pytest.mark.timeout(120)
def test_no_name_of_a_containers_reaches_a_terminal_as_it_is(lab, wired):
    own_netns_folder()
    host, _ = wired(children=0)
    children = hostile_children(lab, host)
    daemon = host.start_arplined()
    wait_until(lambda: len(host.status()["endpoints"]) == len(children), 10, "all endpoints are known")
    for child in children:
        child.ping("10.77.0.1", 1)
    names = {one["interface"] for one in as_json(host, "status")["parents"][0]["endpoints"]}
    assert names == {visible(name) for name in INTERFACES}, names
    senders = {one["interface"] for one in as_json(host, "status", "--senders")["parents"][0]["senders"]}
    assert {visible(name) for name in INTERFACES} <= senders, senders
    for child in children[::2]:
        child.ns.ip("addr", "del", f"{child.address}/{child.prefix_bits}", "dev", child.interface)
    for child in children[1::2]:
        child.ns.ip("link", "set", "dev", child.interface, "down")
    gone = as_json(host, "status", "--gone")["gone"]
    assert {visible(name) for name in INTERFACES[::2]} <= {one["interface"] for one in gone}, gone
    texts = {args: printed(host, *args.split()).decode("ascii")
             for args in ("status", "status --gone", "status --senders", "doctor", "limit",
                          f"preflight {host.nic}")}
    for name in (b"\x1b[31mred", b"\x9b2J", b"\xe2\x80\xaegnp", b"\xff\xfe\xc0\xaf"):
        for args in ("status --senders", "doctor"):
            assert visible(name) in texts[args], f"{visible(name)} is not in {args}: {texts[args]}"
        assert visible(name) in texts["status"] + texts["status --gone"], texts
    printed(host, "preflight", "no\x1bne")
    as_json(host, "preflight", host.nic)
    log = is_clean(daemon.log_path.read_bytes())
    assert b"\n<3>forged" not in log and b"\\x1b[31mred" in log, log


@pytest.mark.timeout(120)
@pytest.mark.parametrize("shell", ("sh", "bash"))
def test_every_suggested_command_mends_and_runs_nothing_of_a_name(lab, wired, shell):
    own_netns_folder()
    host, _ = wired(children=0)
    children = hostile_children(lab, host)
    host.start_arplined()
    wait_until(lambda: len(host.status()["endpoints"]) == len(children), 10, "all endpoints are known")
    for number, child in enumerate(children):
        match number % 4:
            case 0:
                child.ns.ip("link", "set", "dev", child.interface, "down")
            case 1:
                child.ns.ip("link", "set", "dev", child.interface, "arp", "off")
            case 2:
                child.ns.sysctl(f"net/ipv4/conf/{child.interface}/arp_ignore", 8)
            case 3:
                child.ns.ip("addr", "del", f"{child.address}/{child.prefix_bits}", "dev", child.interface)
                child.ns.ip("addr", "add", f"{child.address}/32", "dev", "lo")
    wait_until(lambda: as_json(host, "status", "--gone")["gone"], 5, "arplined has heard of it")
    commands = run_commands(lab, host, shell)
    assert commands == {"interface_down", "silent_kernel", "address_elsewhere"}, commands
    wait_until(lambda: not run_commands(lab, host, shell), 5,
               lambda: f"all is mended: {as_json(host, 'doctor')['findings']}")


def test_doctor_finds_an_interface_by_its_bytes_and_as_it_is_printed(wired):
    host, _ = wired()
    rename(host.children[0], b"\x1b[31m")
    host.children[0].ns.ip("link", "set", "dev", "\x1b[31m", "down")
    for asked in ("\x1b[31m", "\\x1b[31m"):
        assert [one["id"] for one in as_json(host, "doctor", asked)["findings"]] == ["interface_down"], asked


def test_parent_with_such_a_name_is_served_and_its_commands_are_right(wired):
    host, _ = wired()
    host.ns.ip("link", "set", host.nic, "down")
    host.ns.ip("link", "set", host.nic, "name", "-$(id>pwn)'\x1b")
    host.nic = "-$(id>pwn)'\x1b"
    host.ns.ip("link", "set", "dev", host.nic, "up")
    daemon = host.ns.spawn(arplined(), f"--parent={host.nic}")
    try:
        wait_until(lambda: as_json(host, "status")["parents"], 10, "it is served")
        assert as_json(host, "status")["parents"][0]["parent"] == "-$(id>pwn)'\\x1b"
        daemon.kill()
        daemon.wait()
        wait_until(lambda: [one for one in as_json(host, "doctor")["findings"] if one["id"] == "stale_lease"], 10,
                   "its lease has ended")
        told = [one for one in as_json(host, "doctor")["findings"] if one["id"] == "stale_lease"][0]
        folders = ":".join(os.path.dirname(program()) for program in (arpline, arplined))
        path = f"PATH={folders}:{os.environ['PATH']}"
        daemon = host.ns.spawn("env", path, "sh", "-c", f"exec {told['command']}")
        wait_until(lambda: "stale_lease" not in {one["id"] for one in as_json(host, "doctor")["findings"]}, 10,
                   "it is started again")
        daemon.kill()
        daemon.wait()
        off = re.search("; (arpline detach .*) takes them off$", told["evidence"])[1]
        host.ns.run("env", path, "sh", "-c", off)
        assert not as_json(host, "status")["parents"]
        assert not os.path.exists("pwn")
    finally:
        daemon.kill()
