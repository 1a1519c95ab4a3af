# SPDX-License-Identifier: Apache-2.0
"""
Announcements: two on appearance, 2 s apart (RFC 5227), then one every refresh, on the right wire only; and the
announcements after a change: to the siblings, after the carrier returns, and in keepalived's style.
"""
from common import Metronome, announcements, frames, serve, wait_until
from lab.wire import Wire
from switched import SHORT_SET, serve_quietly, spoken_for

REFRESH_SECONDS = 3
NEW_MAC = "02:a7:00:00:66:66"


def gaps(found):
    """The times between the announcements, each of which is one frame on the wire."""
    return [later.at - earlier.at for earlier, later in zip(found, found[1:])]


def test_new_container_is_announced_twice_and_then_every_refresh(serve):
    with Metronome() as metronome:
        host, _, _, wire = serve(config={"announce": {"refresh": f"{REFRESH_SECONDS}s"}})
        child = host.add_child()
        between, first, *others = gaps(announcements(wire.collect(13.0), child))
        slack = 0.8 + metronome.late
        assert abs(between - 2.0) < slack, between
        assert first < REFRESH_SECONDS + slack, f"{first} s to the first refresh, whose turn comes within a period"
        assert len(others) >= 2 and all(abs(gap - REFRESH_SECONDS) < slack for gap in others), others


def test_announcement_has_the_form_of_rfc_5227(serve):
    host, _, _, wire = serve()
    child = host.add_child()
    one = announcements(wire.collect(4.0, lambda found: announcements(found, child)), child)[0]
    assert (one.eth_dst, one.eth_src, one.sha) == (frames.BROADCAST, child.mac, child.mac)
    assert (one.op, one.tha, one.tpa, one.tags) == (frames.REQUEST, frames.ZERO_MAC, child.address, ())


def test_every_container_is_announced_at_the_start(wired):
    host, peer = wired(children=8)
    wire = peer.wire()
    host.start_arplined({"announce": {"refresh": "0s"}})
    found = wire.collect(5.0)
    for child in host.children:
        assert len(announcements(found, child)) == 2, f"{child.address}: {len(announcements(found, child))}"


def test_restarted_container_with_a_new_mac_is_announced(serve):
    host, _, _, wire = serve()
    wire.collect(3.0)
    child = host.children[0]
    child.link("address", "02:a7:00:00:66:66")
    found = announcements(wire.collect(5.0), child)
    assert len(found) >= 2 and {one.sha for one in found} == {"02:a7:00:00:66:66"}, found


def test_host_is_not_announced(serve):
    host, _, _, wire = serve(config={"announce": {"refresh": "1s"}})
    host.address("10.77.0.2/16")
    assert not [one for one in wire.collect(3.0) if one.announcement and one.spa == "10.77.0.2"]


def sent_to(child, address) -> str:
    """The MAC to which a container sends; empty when it has no entry."""
    words = child.ns.ip("neigh", "show", address).stdout.split()
    return words[words.index("lladdr") + 1] if "lladdr" in words else ""


def sibling_that_knows(serve, config):
    """
    Serves two containers, one of which has just talked to the other. Returns (host, the other, the one, the wire).
    """
    host, _, _, wire = serve(children=2, config=config)
    other, sibling = host.children
    assert sibling.ping(other.address, 1).answered == 1
    assert sent_to(sibling, other.address) == other.mac
    return host, other, sibling, wire


def test_sibling_learns_a_new_mac_although_it_never_asks(serve):
    _, other, sibling, _ = sibling_that_knows(serve, {"announce": SHORT_SET})
    other.link("address", NEW_MAC)
    wait_until(lambda: sent_to(sibling, other.address) == NEW_MAC, 5, lambda: sent_to(sibling, other.address))
    assert sibling.ping(other.address).answered == 3


def test_sibling_learns_of_a_container_that_has_taken_anothers_place(serve):
    host, other, sibling, _ = sibling_that_knows(serve, {"announce": SHORT_SET})
    other.delete()
    host.add_child(address=f"{other.address}/16", mac=NEW_MAC)
    wait_until(lambda: sent_to(sibling, other.address) == NEW_MAC, 5, lambda: sent_to(sibling, other.address))


def test_only_the_first_announcement_after_a_change_is_for_the_siblings_too(lab, serve):
    host, _, _, wire = serve(children=2,
                             config={"announce": {"repeat": 3, "interval": "100ms", "refresh": "500ms"}})
    other, sibling = host.children
    inside = lab.closing(Wire(sibling.ns, sibling.interface))
    wire.collect(1.0)
    inside.arrived()
    other.link("address", NEW_MAC)
    found = [one for one in wire.collect(2.0) if one.sha == NEW_MAC]
    heard = [one for one in inside.arrived() if one.sha == NEW_MAC and one.announcement]
    assert len(heard) == 1, f"{len(heard)} at the sibling"
    # A frame that leaves through the container's interface reaches the wire as well.
    assert len(announcements(found, other)) >= 5, f"{len(found)} on the wire"


def test_observe_tells_siblings_nothing_either(lab, serve):
    host, other, sibling, wire = sibling_that_knows(serve, {"mode": "observe", "announce": SHORT_SET})
    inside = lab.closing(Wire(sibling.ns, sibling.interface))
    inside.arrived()
    wire.arrived()
    other.link("address", NEW_MAC)
    assert not [one for one in wire.collect(2.0) + inside.arrived() if one.sha == NEW_MAC]
    assert sent_to(sibling, other.address) != NEW_MAC


def test_all_containers_are_announced_when_the_carrier_is_back(switched):
    switch, host, peer = switched(children=8)
    wire = peer.wire()
    serve_quietly(host, wire, {"repeat": 2})
    switch.set_link(host, "down")
    # The kernel notifies up to a second late.
    wait_until(lambda: "UP" not in host.ns.ip("-br", "link", "show", host.nic).stdout.split()[1], 5, "it is down")
    assert not wire.collect(0.2)
    switch.set_link(host, "up")
    found = wire.collect(3.0, lambda found: all(len(spoken_for(found, one)) >= 2 for one in host.children))
    for child in host.children:
        # On a busy machine the kernel may tell of one carrier twice, and the set begins anew.
        assert 2 <= len(spoken_for(found, child)) <= 4, f"{child.address}: {len(spoken_for(found, child))}"


def schedule(lab, seconds=2.0, /, **announce):
    """A new container's announcements in that time, as (seconds since the first, operation)."""
    host, _, _, wire = serve(lab, config={"announce": {"refresh": "0s", **announce}})
    wire.collect(1.5)
    child = host.add_child()
    found = spoken_for(wire.collect(seconds + 1.0, lambda found: found and found[-1].at - found[0].at > seconds), child)
    assert found and {one.eth_dst for one in found} == {frames.BROADCAST}, found
    return [(one.at - found[0].at, one.op) for one in found]


def test_repeat_interval_and_delay_are_those_of_keepalived(lab):
    found = schedule(lab, 3.0, repeat=3, interval="100ms", delay="2s")
    seconds = [second for second, _ in found]
    pause = max(range(1, len(seconds)), key=lambda number: seconds[number] - seconds[number - 1])
    first = found[:pause]
    # The first one leaves through the container's own interface, and not a second time from the worker.
    assert len(first) == 3 and len(found) - len(first) == 3, found


def test_style_both_says_each_as_a_request_and_as_a_reply(lab):
    operations = [op for _, op in schedule(lab, repeat=2, interval="100ms", style="both")]
    assert operations.count(frames.REPLY) >= 2 and operations.count(frames.REQUEST) >= 2, operations


def test_style_reply_says_it_as_a_reply(serve):
    host, peer, _, wire = serve(config={"announce": {**SHORT_SET, "style": "reply"}})
    assert peer.ping(host.children[0].address, 1).answered == 1
    host.children[0].link("address", NEW_MAC)
    found = wire.collect(2.0, lambda found: any(one.sha == NEW_MAC for one in found))
    told = [one for one in found if one.sha == NEW_MAC]
    assert told and all((one.op, one.spa, one.tha) == (frames.REPLY, one.tpa, one.sha) for one in told), told
    wait_until(lambda: NEW_MAC in peer.ns.ip("neigh", "show", host.children[0].address).stdout, 5,
               "the peer believes it")
