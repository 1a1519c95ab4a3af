# SPDX-License-Identifier: Apache-2.0
"""Probes (opt-in) for a new address, before it is announced (RFC 5227 section 2.1)."""
from common import Metronome, announcements, endpoint, frames, wait_until
from switched import parties, serve_quietly, station

PROBES = 3
ANNOUNCED_SECONDS = 2.0  # from the last probe to the announcement with probe = fast; a generous limit


def probes(found, child):
    return [one for one in found if one.op == frames.REQUEST and one.spa == "0.0.0.0" and one.tpa == child.address]


def probed(wire, child, seconds, count=1):
    """The frames until `count` announcements have come. Returns (probes, announcements)."""
    found = wire.collect(seconds, lambda found: len(announcements(found, child)) >= count)
    return probes(found, child), announcements(found, child)


def of_rfc(found, child):
    for one in found:
        assert (one.eth_dst, one.eth_src, one.sha, one.tha) == \
            (frames.BROADCAST, child.mac, child.mac, frames.ZERO_MAC), one


def test_new_address_is_announced_after_three_probes(serve):
    host, _, _, wire = serve(config={"announce": {"probe": "fast"}})
    there = host.children[0]
    assert not probes(wire.collect(0.5), there), "what was there before is not new"
    child = host.add_child()
    asked, told = probed(wire, child, 5.0)
    assert len(asked) == PROBES and told, f"{len(asked)} probes, {len(told)} announcements"
    of_rfc(asked, child)
    assert max(one.at for one in asked) < told[0].at
    assert host.status()["sent"]["probes"] == PROBES


def test_rfc_5227_has_its_own_times(serve):
    with Metronome() as metronome:
        host, _, _, wire = serve(config={"announce": {"probe": "rfc5227"}})
        child = host.add_child()
        wait_until(lambda: (endpoint(host, child) or {}).get("probing"), 5, "it is being probed for")
        asked, told = probed(wire, child, 12.0)
        assert len(asked) == PROBES and told, f"{len(asked)} probes, {len(told)} announcements"
        of_rfc(asked, child)
        between = [later.at - earlier.at for earlier, later in zip(asked, asked[1:])]
        slack = 0.05 + metronome.late
        assert all(1.0 - slack < gap < 2.25 + slack for gap in between), between  # PROBE_MIN, PROBE_MAX
        assert told[0].at - asked[-1].at > 2.0 - slack, "ANNOUNCE_WAIT"
        assert not endpoint(host, child)["probing"]


def test_address_that_somebody_else_has_is_not_announced(lab, switched):
    switch, host, peer = switched()
    wire = peer.wire()
    serve_quietly(host, wire, {"probe": "fast", "refresh": "100ms"})
    rival = station(lab, switch, "rival", "10.77.1.2/16")
    child = host.add_child(address="10.77.1.2/16")
    asked, told = probed(wire, child, ANNOUNCED_SECONDS)
    assert asked and not told, f"{len(asked)} probes, {len(told)} announcements"
    wait_until(lambda: parties(host, child) == {rival.mac: "elsewhere"}, 5, lambda: parties(host, child))
    assert not endpoint(host, child)["probing"]
    free = host.add_child(address="10.77.1.3/16")
    assert all(probed(wire, free, ANNOUNCED_SECONDS)), "one that nobody has is"
