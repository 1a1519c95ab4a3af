# SPDX-License-Identifier: Apache-2.0
"""`arpline replay`: its output and the captures that it writes. Only --like needs a namespace."""
import json
import struct
import tempfile
from contextlib import contextmanager
from pathlib import Path

from common import arpline, confirm, frames, run, who_has

ENDPOINT, ENDPOINT_MAC = "10.77.1.5", "02:42:0a:4d:01:05"
PEER, PEER_MAC = "10.77.1.9", "52:54:00:12:34:09"
AS_ENDPOINT = ("--endpoint", f"{ENDPOINT}/24={ENDPOINT_MAC}")
START = 1_700_000_000
ASKED = frames.arp(eth_src=PEER_MAC, spa=PEER, tpa=ENDPOINT, pad_to=60)
ANSWERED = frames.arp(op=frames.REPLY, eth_src=ENDPOINT_MAC, eth_dst=PEER_MAC, spa=ENDPOINT, tha=PEER_MAC, tpa=PEER)
FOREIGN = frames.arp(eth_src=PEER_MAC, spa=PEER, tpa="10.77.1.77")
NOT_ARP = frames.mac_bytes(frames.BROADCAST) + frames.mac_bytes(PEER_MAC) + b"\x08\x00" + bytes(46)
# The kernel answers the first who-has; arpline would have answered the second one.
EXCHANGE = (ASKED, ANSWERED, ASKED, FOREIGN, NOT_ARP)


def pcap(captured, link=1) -> bytes:
    """A capture with one frame a second; an answer comes 100 ms after its request."""
    parts = [struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)]
    for second, frame in enumerate(captured):
        at = (second - 1, 100_000) if frame == ANSWERED else (second, 0)
        parts.append(struct.pack("<IIII", START + at[0], at[1], len(frame), len(frame)) + frame)
    return b"".join(parts)


@contextmanager
def capture(content: bytes):
    with tempfile.TemporaryDirectory(prefix="arpline-replay-") as folder:
        path = Path(folder) / "in.pcap"
        path.write_bytes(content)
        yield path


def replay(*args, check=True):
    return run(arpline(), "replay", "--as-root", *args, check=check)


def sums(*args) -> dict:
    return json.loads(replay("--json", *args).stdout)


def counted(found: dict) -> dict:
    return {name: count for name, count in found["verdicts"].items() if count}


def options(raw: bytes) -> dict:
    found, at = {}, 0
    while at + 4 <= len(raw):
        code, length = struct.unpack_from("<HH", raw, at)
        if code == 0:
            break
        found[code] = raw[at + 4:at + 4 + length]
        at += 4 + (length + 3) // 4 * 4
    return found


def written(raw: bytes):
    """
    Parses a capture: the interfaces' names; interface, time, bytes and comment of each frame. Checks block lengths.
    """
    names, packets, at = [], [], 0
    while at < len(raw):
        kind, length = struct.unpack_from("<II", raw, at)
        assert length % 4 == 0 and struct.unpack_from("<I", raw, at + length - 4)[0] == length
        body = raw[at + 8:at + length - 4]
        if kind == 1:
            found = options(body[8:])
            assert struct.unpack_from("<H", body)[0] == 1 and found[9] == b"\x09", "Ethernet, in nanoseconds"
            names.append(found[2].decode())
        elif kind == 6:
            interface, high, low, size, _ = struct.unpack_from("<IIIII", body)
            comment = options(body[20 + (size + 3) // 4 * 4:]).get(1, b"").decode()
            packets.append((interface, high << 32 | low, body[20:20 + size], comment))
        else:
            assert kind == 0x0A0D0D0A and at == 0, f"block {kind:#x} at {at}"
        at += length
    return names, packets


def test_sums_of_a_known_capture_are_right():
    with capture(pcap(EXCHANGE)) as path:
        found = sums(path, *AS_ENDPOINT)
        assert counted(found) == {"to_child_new": 1, "reflect": 1, "foreign": 1}, counted(found)
        assert (found["frames"], found["not_arp"], found["egress_counters"]["confirmed"]) == (5, 1, 1)
        assert (found["first_ns"], found["last_ns"]) == (START * 10**9, (START + 4) * 10**9)
        [endpoint] = found["endpoints"]
        assert [endpoint[key] for key in ("requests", "to_child", "answered")] == [2, 1, 1], endpoint
        text = replay(path, *AS_ENDPOINT).stdout
        assert replay(*AS_ENDPOINT, path).stdout == text, "the order of the arguments matters"
        for words in ("reflect       1       who-has of a confirmed pair", "2023-11-14 22:13:20", ENDPOINT_MAC):
            assert words in text, f"{words!r} is not in: {text}"


def test_one_direction_needs_confirmed():
    with capture(pcap([ASKED] * 10)) as path:
        said = replay(path, *AS_ENDPOINT).stdout
        assert "--confirmed" in said and "reflect " not in said, said
        assert counted(sums(path, *AS_ENDPOINT, "--confirmed")) == {"to_child_new": 1, "reflect": 9}


def test_configuration_is_followed():
    with capture(pcap(EXCHANGE)) as path:
        config = path.with_name("arpline.toml")
        static = f"[{{ ip = '{ENDPOINT}', mac = '{ENDPOINT_MAC}' }}]"
        config.write_text(f"mode = 'observe'\n[parent.nic0]\nstatic = {static}\n",
                          encoding="utf-8")
        found = counted(sums(path, "--config", config, "--parent", "nic0"))
        assert found == {"would_to_child_new": 1, "would_reflect": 1, "foreign": 1}, found


def test_each_arp_frame_has_its_line():
    with capture(pcap(EXCHANGE)) as path:
        lines = replay("--frames", path, *AS_ENDPOINT).stdout.splitlines()[:4]
        assert [line.split()[:2] for line in lines] == [["0.000000000", "to_child_new"], ["0.100000000", "sent"],
                                                        ["2.000000000", "reflect"], ["3.000000000", "foreign"]], lines
        assert lines[2].endswith(f"{PEER} ({PEER_MAC}) asks for {ENDPOINT}"), lines[2]


def test_written_capture_has_comments_and_answers():
    with capture(pcap(EXCHANGE)) as path:
        out = path.with_name("out.pcapng")
        replay(path, *AS_ENDPOINT, "--write", out)
        names, packets = written(out.read_bytes())
        assert names == ["capture", "arpline"], names
        assert [(interface, at // 10**9 - START) for interface, at, _, _ in packets] == [
            (0, 0), (0, 0), (0, 2), (1, 2), (0, 3)]
        assert [raw for interface, _, raw, _ in packets if interface == 0] == [ASKED, ANSWERED, ASKED, FOREIGN]
        assert frames.parse(packets[3][2]).bytes_without_padding == ANSWERED
        assert packets[2][3].startswith("reflect: who-has of a confirmed pair"), packets[2][3]
        # The output is a capture again. arpline's own answers in it were not handed to a kernel and confirm nothing.
        assert sums(out, *AS_ENDPOINT)["egress_counters"]["confirmed"] == 1


def test_broken_captures_are_refused_in_one_line():
    whole = pcap(EXCHANGE)
    broken = {"cut in a frame": (whole[:-1], "after frame 4, at byte"), "cut in the header": (whole[:10], "truncated"),
              "empty": (b"", "truncated"), "text": (b"This is no capture.\n" * 9, "unknown file format"),
              "of Linux cooked frames": (pcap(EXCHANGE, link=113), "LINUX_SLL")}
    for name, (content, words) in broken.items():
        with capture(content) as path:
            done = replay(path, *AS_ENDPOINT, check=False)
            said = done.stderr.splitlines()
            assert done.returncode == 1 and not done.stdout, f"{name}: exit code {done.returncode}, {done.stdout}"
            assert len(said) == 1 and str(path) in said[0] and words in said[0], f"{name}: {said}"


def test_capture_is_never_written_over():
    with capture(pcap(EXCHANGE)) as path:
        assert replay(path, *AS_ENDPOINT, "--write", path, check=False).returncode == 1
        assert path.read_bytes() == pcap(EXCHANGE)


def test_replay_answers_like_a_parent_that_is_served(lab, serve):
    host, _, _, wire = serve(2, {"limits": {"to_child": 50}, "parent": {"nic0": {"fast_path": False}}})
    child = host.children[0]
    confirm(wire, host, child)
    before = host.status()["verdicts"]
    path = lab.folder / "in.pcap"
    path.write_bytes(pcap([who_has(child)] * 3))
    done = host.ns.run(arpline(), "replay", "--like", host.nic, "--confirmed", "--json", path)
    found = json.loads(done.stdout)
    assert counted(found) == {"to_child_new": 1, "ring": 2}, counted(found)
    assert {one["address"] for one in found["endpoints"]} == {one.address for one in host.children}
    assert host.status()["verdicts"] == before, "the live counters have moved"
