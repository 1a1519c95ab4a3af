# SPDX-License-Identifier: Apache-2.0
"""Podman's macvlan containers, with each of its network backends; they appear inside their namespace unannounced."""
import pytest
from common import wired
from containers import available, destroyed, gone, macs_that_answer, marked, served
from lab.runtimes import Podman

ADDRESS = "10.77.2.1"


def found_served_restarted_and_removed(lab, backend):
    host, peer = wired(lab, children=0)
    podman = available(Podman, host, backend)
    network = podman.network(f"lab-{lab.id}")
    host.start_arplined()
    wire = peer.wire()
    container = podman.container("web", ADDRESS, network)
    served(wire, host, container)
    old_mac, mark = container.mac, marked(host, container.netns_path)
    container.restart()
    new_mac = container.mac
    assert new_mac != old_mac, "this Podman keeps the MAC: the test proves nothing"
    served(wire, host, container, new_mac)
    for _ in range(20):
        assert macs_that_answer(wire, container) == {new_mac}
    destroyed(host, mark)
    mark = marked(host, container.netns_path)
    container.remove()
    gone(wire, host, container, mark)


@pytest.mark.timeout(90)
def test_container_of_netavark_is_served_with_the_mac_that_it_has_now(lab):
    found_served_restarted_and_removed(lab, "netavark")


@pytest.mark.timeout(90)
def test_container_of_the_cni_backend_is_served_with_the_mac_that_it_has_now(lab):
    found_served_restarted_and_removed(lab, "cni")
