# SPDX-License-Identifier: Apache-2.0
"""arpline doctor on faults of the wire: a switch that drops or forgets a MAC, a dead gateway, old MACs, proxies."""
from common import endpoint, frames, wait_known, wait_until
from doctor import find, findings, found, healthy, mended, second_nic

OUTSIDER = "02:cc:00:00:00:01"
GATEWAY = "10.77.0.1"


def path_state(host, child):
    path = endpoint(host, child)["path"]
    return path["state"] if path else None


def wait_path(host, child, state):
    wait_until(lambda: path_state(host, child) == state, 10, lambda: f"{state}: {endpoint(host, child)['path']}")


def behind_a_switch(lab):
    """A host and its gateway at a switch whose entries outlive the test. Returns (switch, host, port, peer)."""
    switch, host, peer = lab.switch(ageing_seconds=300), lab.host(), lab.peer(address=f"{GATEWAY}/16")
    lab.connect(peer, switch)
    port = switch.port(host)
    child = host.add_child()
    child.ns.ip("route", "add", "default", "via", GATEWAY)
    host.start_arplined({"parent": {"nic0": {"path_probe": "200ms"}}})
    wait_known(host, child)
    wait_path(host, child, "reachable")
    return switch, host, port, peer


def test_switch_that_takes_no_other_mac_than_the_hosts_is_found(lab):
    switch, host, port, _ = behind_a_switch(lab)
    child = host.children[0]
    healthy(host)
    bridge = lambda *words: switch.ns.run("bridge", *words, check=False)  # noqa: E731
    bridge("link", "set", "dev", port, "locked", "on", "learning", "off")
    bridge("fdb", "replace", host.mac, "dev", port, "master", "static")
    bridge("fdb", "del", child.mac, "dev", port, "master")
    wait_path(host, child, "lost")
    told = wait_until(lambda: find(host, "switch_drops_mac"), 5, lambda: findings(host))[0]
    assert told["severity"] == "critical" and child.mac in told["evidence"], told
    assert f"{GATEWAY} (" in told["evidence"] and "answers nic0 itself" in told["evidence"], told
    assert not find(host, "gateway_unreachable"), findings(host)
    bridge("link", "set", "dev", port, "locked", "off", "learning", "on")
    wait_path(host, child, "reachable")
    healthy(host)


def test_gateway_that_is_gone_is_found(lab):
    _, host, _, peer = behind_a_switch(lab)
    child = host.children[0]
    peer.ns.ip("link", "set", peer.nic, "down")
    wait_path(host, child, "lost")
    told = found(host, "gateway_unreachable")
    assert told["subject"] == f"{GATEWAY} on nic0" and "the host either" in told["evidence"], told
    child.link("down")
    assert not find(host, "gateway_unreachable"), "its own interface explains it"


def test_router_that_answers_for_everyone_is_found(serve):
    host, _, _, wire = serve(children=3)
    for child in host.children:
        wire.send(frames.arp(eth_src=OUTSIDER, spa=child.address, tpa=child.address))
    wait_until(lambda: all(endpoint(host, child)["claimants"] for child in host.children), 5, "the claims are known")
    told = found(host, "proxy_arp")
    assert told["severity"] == "critical" and "3 endpoints" in told["evidence"], told
    assert OUTSIDER in told["subject"] and told["command"] is None, told
    assert not find(host, "address_claimed"), findings(host)


def test_host_that_would_answer_for_its_containers_is_found(lab, wired):
    host, _ = wired()
    second_nic(lab, host, "10.99.0.2/24", "10.99.0.1/24")
    child = host.children[0]
    host.ns.ip("route", "add", f"{child.address}/32", "dev", "nic1")
    host.ns.sysctl("net/ipv4/conf/nic0/proxy_arp", 1)
    told = found(host, "proxy_arp")
    assert told["severity"] == "warning" and child.address in told["evidence"], told
    mended(host, told)


def test_mac_of_a_container_that_comes_from_outside_is_found(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    healthy(host)
    wire.send(frames.arp(eth_src=child.mac, spa="10.77.0.9", tpa="10.77.0.8"))
    told = wait_until(lambda: find(host, "mac_outside"), 5, "it is told")[0]
    assert child.mac in told["evidence"] and "1 time," in told["evidence"], told


def test_entry_with_a_mac_that_the_address_does_not_have_is_found(wired):
    host, _ = wired()
    child = host.children[0]
    host.ns.ip("neigh", "replace", child.address, "lladdr", OUTSIDER, "dev", host.nic, "nud", "permanent")
    told = found(host, "old_mac")
    assert OUTSIDER in told["evidence"] and child.mac in told["evidence"], told
    mended(host, told)


def test_peer_that_asks_the_old_mac_is_found(serve):
    host, _, _, wire = serve()
    child = host.children[0]
    wire.send(frames.arp(eth_src="02:b0:00:00:00:01", eth_dst=OUTSIDER, spa="10.77.0.9", tpa=child.address))
    told = wait_until(lambda: find(host, "old_mac"), 5, "it is told")[0]
    assert f"by 10.77.0.9 to {OUTSIDER}" in told["evidence"], told


def test_containers_that_are_announced_too_seldom_are_found(serve):
    host, _, _, _ = serve(config={"announce": {"refresh": "0s"}})
    told = found(host, "switch_forgets")
    assert told["severity"] == "warning" and "refresh is 0" in told["evidence"], told
    assert 'refresh = "60s"' in told["command"], told
