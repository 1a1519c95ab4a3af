# SPDX-License-Identifier: Apache-2.0
"""The alert rules in a real Prometheus: labs that raise them. tests/metrics has the unit tests of all."""
import contextlib

import pytest
from common import REQUESTER, REQUESTER_MAC, confirm, frames, wait_known, wait_until
from lab.scenes.neighbours import make_room, scanning
from metrics import READABLE, RULES, Prometheus, scraped
from test_egress import add_filter

pytestmark = pytest.mark.timeout(120)
GATEWAY = "10.77.0.254"


def raised(host, act, name: str, **labels):
    """Expects that act() raises the alert, which was not raised before, with these labels."""
    prometheus = Prometheus(host)
    assert name not in prometheus.alerts(), prometheus.alerts()
    act()
    wait_until(lambda: name in prometheus.alerts(), 30, lambda: f"{name} is raised: {prometheus.alerts()}")
    alert = prometheus.alerts()[name]
    assert {key: alert[key] for key in labels} == labels, alert
    assert "{{" not in alert["summary"] + alert["description"] and "<no value>" not in alert["summary"], alert


def test_quiet_lab_raises_none(wired):
    host, peer = wired(children=2)
    scraped(host)
    confirm(peer.wire(), host, *host.children)
    prometheus = Prometheus(host)
    rules = len([line for line in RULES.read_text("utf-8").splitlines() if "- alert:" in line])

    def evaluated():
        groups = (prometheus.ask("rules") or {"groups": []})["groups"]
        return groups and len([one for one in groups[0]["rules"] if one["health"] == "ok"]) == rules
    wait_until(evaluated, 10, "each rule was evaluated")
    # A turn of the loop may have waited for a CPU: that is in the metrics for a minute or two.
    wait_until(lambda: prometheus.alerts().keys() <= {"ArplineLoopSlow"}, 10, prometheus.alerts)


def test_daemon_that_is_dead(wired):
    host, _ = wired()
    daemon, _ = scraped(host)
    raised(host, daemon.kill9, "ArplineDown", parent="nic0", severity="critical")


def test_exporter_that_is_gone(wired):
    host, _ = wired()
    _, exporter = scraped(host)
    raised(host, exporter.stop, "ArplineExporterGone")


def test_parent_that_goes_away(lab, wired):
    host, _ = wired()
    host.ns.ip("link", "add", "nic9", "type", "veth", "peer", "name", "other9")
    host.ns.ip("link", "set", "nic9", "up")
    scraped(host, args=("--parent", "nic9"))
    raised(host, lambda: host.ns.ip("link", "del", "nic9"), "ArplineParentWaits", daemon="nic0")


def test_filter_in_front_of_ours(lab, wired):
    host, _ = wired()
    host.ns.run("tc", "qdisc", "add", "dev", host.nic, "clsact")
    add_filter(lab, host, "tc_next", 1)
    scraped(host)

    def hide():
        host.ns.run("tc", "filter", "del", "dev", host.nic, "egress", "pref", 1)
        add_filter(lab, host, "tc_pass", 1)
    raised(host, hide, "ArplineEgressNotSeen", parent="nic0")


def test_filter_that_is_removed(wired):
    host, _ = wired()
    scraped(host)
    raised(host, lambda: host.ns.run("tc", "filter", "del", "dev", host.nic, "egress"), "ArplineEgressRemoved",
           parent="nic0")


def test_address_of_two_containers_of_which_nobody_knows_who_was_first(wired):
    host, _ = wired()
    daemon, _ = scraped(host)

    def come_while_it_is_away():
        daemon.stop()
        host.add_child(f"{host.children[0].address}/16")
        host.start_arplined(READABLE)
    raised(host, come_while_it_is_away, "ArplineEndpointsNotServed", state="duplicate")


def test_address_that_another_station_claims(wired):
    host, peer = wired()
    scraped(host)
    child, wire = host.children[0], peer.wire()
    raised(host, lambda: wire.send(frames.arp(eth_src="02:bb:00:00:00:01", spa=child.address, tpa=child.address)),
           "ArplineAddressClaimed", kind="contested")


def test_gateway_that_is_gone(wired):
    host, peer = wired()
    peer.address(f"{GATEWAY}/16")
    _, exporter = scraped(host, {"parent": {"nic0": {"path_probe": "200ms", "gateways": [GATEWAY]}}})
    wait_until(lambda: exporter.value("arpline_paths", state="reachable") == 1, 10, "the gateway answers")
    raised(host, lambda: peer.ns.ip("addr", "del", f"{GATEWAY}/16", "dev", peer.nic), "ArplinePathLost")


def test_who_has_above_a_limit(wired):
    host, peer = wired()
    scraped(host, {"limits": {"foreign": 1}})
    wire = peer.wire()

    def flood():
        for _ in range(200):
            wire.send(frames.arp(eth_src=REQUESTER_MAC, spa=REQUESTER, tpa="10.77.99.99"))
            wire.collect(0.02)
    raised(host, flood, "ArplineFramesDropped", verdict="foreign_limited")


def test_announcements_for_which_the_rate_does_not_suffice(wired):
    host, _ = wired()
    scraped(host, {"announce": {"pps": 1}})
    raised(host, lambda: wait_known(host, *host.add_children(20)), "ArplineAnnouncementsLate", parent="nic0")


@pytest.mark.alone
def test_container_that_fills_the_neighbour_table(wired):
    make_room(seconds=20)
    host, _ = wired(children=2)
    scraped(host)
    with contextlib.ExitStack() as held:
        raised(host, lambda: held.enter_context(scanning(host.children[0])), "ArplineNeighbourTableFull", daemon="nic0")
    host.children[0].ns.ip("neigh", "flush", "all", check=False)
