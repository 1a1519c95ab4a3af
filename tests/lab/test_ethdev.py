# SPDX-License-Identifier: Apache-2.0
"""arplined-dpdk: DPDK's net_af_xdp on the program that the daemon has attached and pinned."""
from common import Lab, confirm, serve, verdict, wait_until, who_has

ETHDEV = {"parent": {"nic0": {"port": "ethdev"}}}


def test_net_af_xdp_answers_what_the_kernel_has_said():
    with Lab() as lab:
        host, _, _, wire = serve(lab, children=2, config=ETHDEV)
        for child in host.children:
            first = wire.replies(who_has(child), 1.0)
            before = verdict(host, "ring")
            second = wire.replies(who_has(child), 1.0)
            assert verdict(host, "ring") == before + 1
            assert [one.bytes_without_padding for one in first] == [one.bytes_without_padding for one in second] != []
        wait_until(lambda: host.status()["engine_verdicts"]["answered"] == 2, 2, "both answers are counted")
