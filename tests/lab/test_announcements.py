# SPDX-License-Identifier: Apache-2.0
"""Announcements: two on appearance, 2 s apart (RFC 5227), then one every refresh, and only where they belong."""
from common import Lab, Metronome, announcements, frames, options, serve, wired

REFRESH_SECONDS = 3


def gaps(found):
    """Between the announcements, each of which is one frame on the wire."""
    return [later.at - earlier.at for earlier, later in zip(found, found[1:])]


@options(timeout=60)
def test_new_container_is_announced_twice_and_then_every_refresh():
    with Lab() as lab, Metronome() as metronome:
        host, _, _, wire = serve(lab, config={"announce": {"refresh": f"{REFRESH_SECONDS}s"}})
        child = host.add_child()
        between, first, *others = gaps(announcements(wire.collect(13.0), child))
        slack = 0.8 + metronome.late
        assert abs(between - 2.0) < slack, between
        assert first < REFRESH_SECONDS + slack, f"{first} s to the first refresh, whose turn comes within a period"
        assert len(others) >= 2 and all(abs(gap - REFRESH_SECONDS) < slack for gap in others), others


def test_announcement_has_the_form_of_rfc_5227():
    with Lab() as lab:
        host, _, _, wire = serve(lab)
        child = host.add_child()
        one = announcements(wire.collect(4.0, lambda found: announcements(found, child)), child)[0]
        assert (one.eth_dst, one.eth_src, one.sha) == (frames.BROADCAST, child.mac, child.mac)
        assert (one.op, one.tha, one.tpa, one.tags) == (frames.REQUEST, frames.ZERO_MAC, child.address, ())


def test_every_container_is_announced_at_the_start():
    with Lab() as lab:
        host, peer = wired(lab, children=8)
        wire = peer.wire()
        host.start_arplined({"announce": {"refresh": "0s"}})
        found = wire.collect(5.0)
        for child in host.children:
            assert len(announcements(found, child)) == 2, f"{child.address}: {len(announcements(found, child))}"


def test_restarted_container_with_a_new_mac_is_announced():
    with Lab() as lab:
        host, _, _, wire = serve(lab)
        wire.collect(3.0)
        child = host.children[0]
        child.link("address", "02:a7:00:00:66:66")
        found = announcements(wire.collect(5.0), child)
        assert len(found) >= 2 and {one.sha for one in found} == {"02:a7:00:00:66:66"}, found


def test_host_is_not_announced():
    with Lab() as lab:
        host, _, _, wire = serve(lab, config={"announce": {"refresh": "1s"}})
        host.address("10.77.0.2/16")
        assert not [one for one in wire.collect(3.0) if one.announcement and one.spa == "10.77.0.2"]
