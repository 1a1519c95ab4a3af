# SPDX-License-Identifier: Apache-2.0
"""Who answers is what the configuration and the veth's other end allow, and the status says it."""
from common import Lab, confirm, endpoint, serve, wait_until, who_has
from test_reload import reload


def fast_path_is(host, word):
    wait_until(lambda: host.status()["fast_path"] == word, 5, f"the fast path is {word}")


def answers(host, wire, child, by, requests=5):
    """All of them come from the program ("reflected") or from the engine ("ringed")."""
    before = endpoint(host, child)
    for _ in range(requests):
        assert len(wire.replies(who_has(child), 1.0)) == 1
    after = endpoint(host, child)
    other = {"reflected": "ringed", "ringed": "reflected"}[by]
    assert (after[by] - before[by], after[other] - before[other]) == (requests, 0), (before, after)


def test_program_answers_while_it_may_and_the_engine_for_the_excluded():
    with Lab() as lab:
        host, peer, daemon, wire = serve(lab, children=2, config={"mode": "answer"})
        first, second = host.children
        confirm(wire, host, first, second)
        fast_path_is(host, "no_xdp_at_the_other_end")
        assert "fast path off" in host.arpline("status").stdout
        answers(host, wire, first, "ringed")
        peer.load_pass_program()
        fast_path_is(host, "on")
        for child in (first, second):
            answers(host, wire, child, "reflected")
        reload(host, daemon, f'[parent.nic0]\nfast_path_exclude = [{{ address = "{second.address}" }}]\n')
        assert endpoint(host, first)["fast_path"] and not endpoint(host, second)["fast_path"]
        answers(host, wire, first, "reflected")
        answers(host, wire, second, "ringed")
        reload(host, daemon, {"parent": {"nic0": {"fast_path": False}}})
        fast_path_is(host, "off")
        answers(host, wire, first, "ringed")
        reload(host, daemon, {"mode": "answer"})
        fast_path_is(host, "on")
        answers(host, wire, second, "reflected")
        peer.unload_program()
        fast_path_is(host, "no_xdp_at_the_other_end")
        answers(host, wire, second, "ringed")
