# SPDX-License-Identifier: Apache-2.0
"""arpline neither answers for nor announces an address that a container has lost."""
import pytest
from common import (announcements, confirm, endpoint, exchange, frames, never_answered, wait_state, wait_unanswered,
                    wait_until, who_has)

QUICK = {"announce": {"refresh": "1s"}}
CLAIMANT = "02:cc:00:00:00:01"


def claim(wire, child):
    wire.send(frames.arp(eth_src=CLAIMANT, spa=child.address, tpa=child.address))


def answered_by_arpline(host, child):
    now = endpoint(host, child)
    return now["ringed"] + now["reflected"]


def withdrawn(serve, withdraw, state, reason=None, more=None):
    """Withdraws one of two confirmed containers; it is no longer answered or announced, while the other still is."""
    host, _, _, wire = serve(children=2, config={**QUICK, **(more or {})})
    stays, goes = host.children
    confirm(wire, host, stays, goes)
    withdraw(goes)
    wait_state(host, goes, state, 5, reason)
    wire.arrived()
    never_answered(wire, goes)
    found = wire.collect(3.0)
    assert not announcements(found, goes), "still announced"
    assert announcements(found, stays), "the other container is not announced any more"
    assert len(wire.replies(who_has(stays), 1.0)) == 1


def test_deleted_container_is_not_answered(serve):
    withdrawn(serve, lambda child: child.delete(), None)


def test_removed_address_is_not_answered(serve):
    withdrawn(serve, lambda child: child.remove_address(), None)


def test_interface_that_is_down_is_not_answered(serve):
    withdrawn(serve, lambda child: child.link("down"), "not_served", "down")


def test_interface_without_arp_is_not_answered(serve):
    withdrawn(serve, lambda child: child.link("arp", "off"), "not_served", "noarp")


def test_container_deleted_while_it_is_asked_for_falls_silent(serve):
    host, _, _, wire = serve(children=2, config=QUICK)
    child = host.children[0]
    confirm(wire, host, child)
    gone = []

    def delete_once(elapsed):
        if elapsed > 1 and not gone:
            gone.append(child.delete())
    sent, found = exchange(wire, lambda _: who_has(child), 200, 2.0, delete_once)
    answers = [one for one in found if one.op == frames.REPLY]
    assert 150 <= len(answers) < sent, f"{len(answers)} answers"
    wait_state(host, child, None, 5)
    never_answered(wire, child)


def test_address_that_comes_back_is_served_again(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    child.remove_address()
    wait_state(host, child, None, 5)
    child.add_address(f"{child.address}/{child.prefix_bits}")
    confirm(wire, host, child)


def test_link_that_comes_back_is_served_again(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    child.link("down")
    wait_state(host, child, "not_served", 5, "down")
    child.link("up")
    confirm(wire, host, child)


def test_new_mac_is_answered_and_the_old_one_never(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    child.link("address", "02:a7:00:00:77:77")
    wait_until(lambda: (endpoint(host, child) or {}).get("mac") == "02:a7:00:00:77:77", 5, "the new MAC is known")
    for _ in range(5):
        answers = wire.replies(who_has(child), 1.0)
        assert [one.sha for one in answers] == ["02:a7:00:00:77:77"]


def test_contested_address_is_answered_for_as_before_and_not_announced(serve):
    host, _, _, wire = serve(children=2, config=QUICK)
    stays, contested = host.children
    confirm(wire, host, stays, contested)
    claim(wire, contested)
    wait_state(host, contested, "confirmed", 3, "contested")
    before = answered_by_arpline(host, contested)
    for _ in range(3):
        answers = wire.replies(who_has(contested), 1.0)
        assert [one.sha for one in answers] == [contested.mac]
    assert answered_by_arpline(host, contested) == before + 3
    assert endpoint(host, contested)["claims"] >= 1
    found = wire.collect(3.0)
    assert not announcements(found, contested), "a contested address was announced"
    assert announcements(found, stays)


@pytest.mark.timeout(90)
def test_silent_kernel_is_not_answered_for(serve):
    """arp_ignore changes without an event; three checks without an answer reveal it."""
    host, _, _, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    child.ns.sysctl("net/ipv4/conf/all/arp_ignore", 8)
    wait_unanswered(wire, host, child)
    assert endpoint(host, child)["state"] == "not_served", endpoint(host, child)
    never_answered(wire, child)


def test_flood_of_claims_is_counted_and_grows_no_log(serve):
    host, _, daemon, wire = serve(children=2)
    before = len(daemon.log.splitlines())
    sent, _ = exchange(wire, lambda n: frames.arp(eth_src=f"02:cc:00:00:{n >> 8 & 255:02x}:{n & 255:02x}",
                                                  spa=host.children[0].address, tpa="10.77.9.9"), 2000, 3.0)
    assert endpoint(host, host.children[0])["claims"] == sent
    assert endpoint(host, host.children[1])["reason"] is None
    assert 1 <= len(daemon.log.splitlines()) - before <= 15, daemon.log
