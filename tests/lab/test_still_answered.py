# SPDX-License-Identifier: Apache-2.0
"""What others say, send or take away never makes arpline answer less than the container's own kernel would."""
from common import Lab, confirm, endpoint, frames, options, serve, wait_until, who_has

CLAIMANT = "02:cc:00:00:00:01"


def answered_by_arpline(host, child):
    now = endpoint(host, child)
    return now["ringed"] + now["reflected"]


@options(timeout=120)
def test_claims_of_every_endpoint_take_no_answer_away():
    """Who-has with senders from the whole subnet, as a flood has them, claim all 64 addresses."""
    with Lab() as lab:
        host, _, _, wire = serve(lab, children=64)
        confirm(wire, host, *host.children)
        for child in host.children:
            wire.send(frames.arp(eth_src=CLAIMANT, spa=child.address, tpa="10.77.200.200"))
        wait_until(lambda: all(endpoint(host, child)["reason"] == "contested" for child in host.children), 5,
                   "all are contested")
        before = {child.address: answered_by_arpline(host, child) for child in host.children}
        for child in host.children:
            assert [one.sha for one in wire.replies(who_has(child), 1.0)] == [child.mac]
            assert answered_by_arpline(host, child) == before[child.address] + 1
        new = host.status()["verdicts"]["to_child_new"]
        child = host.children[0]
        assert wire.replies(who_has(child, "02:b0:00:00:00:77", "10.77.0.77"), 1.0), "a new requester is answered"
        assert host.status()["verdicts"]["to_child_new"] == new + 1
