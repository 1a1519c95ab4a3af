# SPDX-License-Identifier: Apache-2.0
"""limits.broadcast and limits.multicast: limits by ethertype on frames other than ARP, only where they are set."""
import fcntl
import itertools
import socket
import struct
import time

from common import PATIENCE, frames, serve, wait_until
from test_reload import reload

LIMITED, OTHER, MARK = 0x88B5, 0x88B6, 0x88B7
GROUP, STRANGE_GROUP = "01:00:5e:01:02:03", "01:00:5e:01:02:04"
FLOOD = 300
MOST_GROUPS = 4096  # beside those that every interface has joined
SIOCADDMULTI, SIOCDELMULTI = 0x8931, 0x8932
marks = itertools.count(1)


def frame(destination, ethertype, payload=b"") -> bytes:
    source = frames.mac_bytes("02:b0:00:00:00:01")
    return (frames.mac_bytes(destination) + source + struct.pack("!H", ethertype) + payload).ljust(60, b"\xaa")


def ipv4_udp(port) -> bytes:
    addresses = frames.ip_bytes("0.0.0.0") + frames.ip_bytes("255.255.255.255")
    header = struct.pack("!BBHHHBBH", 0x45, 0, 36, 0, 0, 64, 17, 0) + addresses
    return frame(frames.BROADCAST, 0x0800, header + struct.pack("!HHHH", 68, port, 16, 0))


def ipv6(next_header, payload, group="33:33:ff:12:34:56") -> bytes:
    header = struct.pack("!IHBB", 0x60000000, len(payload), next_header, 255) + bytes(32)
    return frame(group, 0x86DD, header + payload)


DHCP_DISCOVER = ipv4_udp(67)
SOLICITATION = ipv6(58, struct.pack("!BBHI", 135, 0, 0, 0) + bytes(16))
LISTENER_REPORT = ipv6(0, struct.pack("!BBBBHBB", 58, 0, 5, 2, 0, 1, 0) + struct.pack("!BBHHH", 143, 0, 0, 0, 0),
                       "33:33:00:00:00:16")
NEEDED = [DHCP_DISCOVER, SOLICITATION, LISTENER_REPORT]


class Parent:
    """Sends frames from the wire and collects those that reach the host."""

    def __init__(self, lab, config, children=1):
        self.host, _, self.daemon, self.wire = serve(lab, children, config)
        self.seen = self.host.wire()

    def through(self, sent) -> list[bytes]:
        """The frames that reach the host; a unicast frame behind each fifty marks that they have passed."""
        found = []
        for start in range(0, len(sent), 50):
            mark = frame(self.host.mac, MARK, struct.pack("!Q", next(marks)))
            for one in [*sent[start:start + 50], mark]:
                self.wire.send(one)
            end = time.monotonic() + 5 * PATIENCE
            while mark not in found:
                assert time.monotonic() < end, "the mark is lost"
                found += self.seen.capture(0.02)
        wanted = set(sent)
        return [one for one in found if one in wanted]

    def limit(self, kind, ethertype) -> dict:
        return next(one for one in self.host.status()["storm"]
                    if (one["kind"], one["ethertype"]) == (kind, ethertype))

    def pass_whole(self, *sent) -> bool:
        return self.through(list(sent)) == list(sent)


def change_groups(host, how, groups) -> None:
    """Changes many groups at once; `ip maddr` handles only the first line of a batch."""
    with host.ns.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for group in groups:
            fcntl.ioctl(any_socket, how, struct.pack("16sH6s16x", host.nic.encode(), 0, group))


def test_flood_of_a_limited_ethertype_is_limited_and_all_else_arrives(lab):
    parent = Parent(lab, '[limits.broadcast]\n"0x88b5" = 10\nipv4 = 0\n[limits.multicast]\nipv6 = 0\n')
    flood = frame(frames.BROADCAST, LIMITED)
    others = [frame(frames.BROADCAST, OTHER), *NEEDED]
    started = time.monotonic()
    found = parent.through([one for _ in range(FLOOD) for one in (flood, *others)])
    due = 10 * (time.monotonic() - started)
    assert {one: found.count(one) for one in others} == {one: FLOOD for one in others}
    assert 10 <= found.count(flood) <= 10 + due + 1, f"{found.count(flood)} of {FLOOD}"
    limit = parent.limit("broadcast", "0x88b5")
    assert limit == {"kind": "broadcast", "ethertype": "0x88b5", "per_second": 10,
                     "passed": found.count(flood), "limited": FLOOD - found.count(flood)}
    assert not parent.through([ipv4_udp(9)] * 5), "another IPv4 broadcast than DHCP"
    assert not parent.through([ipv6(17, bytes(8))] * 5), "another IPv6 multicast than neighbour discovery"
    assert parent.pass_whole(frame(parent.host.mac, 0x0800, bytes(20))), "unicast"


def test_multicast_is_limited_for_groups_that_nobody_has_joined(lab):
    parent = Parent(lab, "[limits.multicast]\nother = 0\n", children=2)
    joined, strange = frame(GROUP, LIMITED), frame(STRANGE_GROUP, LIMITED)
    inside, interface = parent.host.children[1].ns, parent.host.children[1].interface
    assert not parent.through([joined, strange] * 3)
    inside.ip("maddr", "add", GROUP, "dev", interface)
    wait_until(lambda: parent.pass_whole(joined), 5, "the group of a container passes")
    assert not parent.through([strange] * 3)
    inside.ip("maddr", "del", GROUP, "dev", interface)
    wait_until(lambda: not parent.through([joined]), 5, "the group that was left is limited")


def test_multicast_is_limited_although_a_container_takes_all_groups_and_it_is_named(lab):
    parent = Parent(lab, "[limits.multicast]\nother = 0\n", children=2)
    strange = frame(STRANGE_GROUP, LIMITED)
    taker = parent.host.children[0]
    taker.link("allmulticast", "on")
    wait_until(lambda: [one for one in parent.host.status()["warnings"]
                        if "takes all multicast" in one and taker.ns.name in one], 5, "the container is named")
    assert not parent.through([strange] * 3), "a container has lifted the host's limit"
    assert "limits.multicast is lifted" not in parent.daemon.log
    parent.host.ns.ip("link", "set", parent.host.nic, "allmulticast", "on")
    wait_until(lambda: parent.pass_whole(strange), 5, "the host itself asks for all groups: they pass")
    wait_until(lambda: "limits.multicast is lifted" in parent.daemon.log, 5, "the log says so")
    parent.host.ns.ip("link", "set", parent.host.nic, "allmulticast", "off")
    wait_until(lambda: not parent.through([strange]), 5, "it is limited again")
    taker.link("allmulticast", "off")
    wait_until(lambda: not [one for one in parent.host.status()["warnings"] if "multicast" in one], 20, "nobody")


def test_multicast_is_not_limited_while_there_are_more_groups_than_the_map_holds(lab):
    parent = Parent(lab, "[limits.multicast]\nother = 0\n")
    strange = frame(STRANGE_GROUP, LIMITED)
    groups = [bytes.fromhex(f"3333aa00{number:04x}") for number in range(MOST_GROUPS)]
    change_groups(parent.host, SIOCADDMULTI, groups)
    wait_until(lambda: parent.pass_whole(strange), 5, "all groups pass")
    assert any(str(MOST_GROUPS) in one for one in parent.host.status()["warnings"])
    change_groups(parent.host, SIOCDELMULTI, groups[:100])
    wait_until(lambda: not parent.through([strange]), 5, "it is limited again")


def test_observe_counts_what_limits_would_drop_and_drops_nothing(lab):
    parent = Parent(lab, 'mode = "observe"\n[limits.broadcast]\n"0x88b5" = 0\n[limits.multicast]\nother = 0\n')
    assert parent.pass_whole(*[frame(frames.BROADCAST, LIMITED)] * 20, *[frame(GROUP, LIMITED)] * 10)
    limits = parent.limit("broadcast", "0x88b5"), parent.limit("multicast", "other")
    assert limits[0]["limited"] == 20 and limits[1]["limited"] >= 10, limits


def test_reload_changes_limits_and_keeps_what_they_have_counted(lab):
    parent = Parent(lab, '[limits.broadcast]\n"0x88b5" = 0\n')
    flood, other = frame(frames.BROADCAST, LIMITED), frame(frames.BROADCAST, OTHER)
    assert not parent.through([flood] * 7)
    reload(parent.host, parent.daemon, '[limits.broadcast]\n"0x88b5" = 1000000\nother = 0\n')
    assert parent.pass_whole(*[flood] * 20) and not parent.through([other])
    limit = parent.limit("broadcast", "0x88b5")
    assert (limit["per_second"], limit["passed"], limit["limited"]) == (1000000, 20, 7)
    reload(parent.host, parent.daemon, "")
    assert parent.pass_whole(*[flood, other] * 5) and parent.host.status()["storm"] == []


def test_limits_end_when_the_daemon_has_died(lab):
    parent = Parent(lab, '[limits.broadcast]\n"0x88b5" = 0\n')
    flood = frame(frames.BROADCAST, LIMITED)
    assert not parent.through([flood] * 3)
    parent.daemon.kill9()
    wait_until(lambda: parent.host.status()["lease"] == "expired", 5, "the lease ends")
    assert parent.pass_whole(*[flood] * 10)
    parent.host.start_arplined("")
    assert parent.pass_whole(*[flood] * 10), "the next one takes over what it was not asked for"
    assert parent.host.status()["storm"] == []
