# SPDX-License-Identifier: Apache-2.0
"""The program on the parent answers by itself: the form of its answers, and the conditions for them."""
import pytest
from common import confirm, endpoint, fast_path_warning, verdict, who_has
from test_reload import answered_across, reload


def test_confirmed_pair_is_answered_by_the_program_as_its_kernel_has_answered(serve_fast):
    host, _, _, wire = serve_fast()
    child = host.children[0]
    first = wire.replies(who_has(child), 1.0)
    assert verdict(host, "to_child_new") == 1 and verdict(host, "reflect") == 0
    second = wire.replies(who_has(child), 1.0)
    assert verdict(host, "reflect") == 1 and verdict(host, "ring") == 0
    assert [one.bytes_without_padding for one in first] == [one.bytes_without_padding for one in second] != []


def test_answer_is_as_long_as_the_request_and_zero_behind_it(serve_fast):
    """On a parent with MTU 9000, whose frames may come in several fragments."""
    host, _, _, wire = serve_fast(mtu=9000)
    child = host.children[0]
    confirm(wire, host, child)
    before = verdict(host, "reflect")
    lengths = range(42, 129)
    for length in lengths:
        request = who_has(child) + b"\xa5" * (length - 42)
        answers = wire.replies(request, 1.0)
        assert [len(one.raw) for one in answers] == [length]
        assert answers[0].raw[42:] == bytes(length - 42), f"{length} bytes: {answers[0].raw.hex()}"
    assert verdict(host, "reflect") == before + len(lengths)


def test_longer_frame_is_left_to_the_kernel(serve_fast):
    host, _, _, wire = serve_fast(config={"limits": {"odd": "off"}}, mtu=9000)
    child = host.children[0]
    confirm(wire, host, child)
    before = verdict(host, "reflect")
    for number, length in enumerate((129, 1400, 8000), 1):
        answers = wire.replies(who_has(child, pad_to=length), 1.0)
        assert [one.sha for one in answers] == [child.mac], f"{length} bytes"
        assert verdict(host, "odd") == number
    assert verdict(host, "reflect") == before


def test_without_the_fast_path_the_engine_answers(serve):
    host, peer, _, wire = serve(config={"parent": {"nic0": {"fast_path": False}}})
    assert not fast_path_warning(host), "it warns of what was asked for"
    peer.load_pass_program()
    child = host.children[0]
    confirm(wire, host, child)
    assert len(wire.replies(who_has(child), 1.0)) == 1
    assert verdict(host, "ring") == 1 and verdict(host, "reflect") == 0


def test_excluded_container_is_answered_by_the_engine_and_its_sibling_by_the_program(serve_fast):
    excluded = 'fast_path_exclude = [{ address = "10.77.1.1" }]'
    host, _, daemon, wire = serve_fast(children=2, config=f"[parent.nic0]\n{excluded}\n")
    slow, fast = host.children
    confirm(wire, host, slow, fast)
    for child in (slow, fast):
        for _ in range(3):
            assert len(wire.replies(who_has(child), 1.0)) == 1
    assert verdict(host, "ring") == 3 and verdict(host, "reflect") == 3
    assert endpoint(host, slow)["ringed"] == 3 and endpoint(host, fast)["ringed"] == 0
    reload(host, daemon, {"mode": "answer"})
    confirm(wire, host, slow)
    assert len(wire.replies(who_has(slow), 1.0)) == 1
    assert endpoint(host, slow)["ringed"] == 3, "it is still excluded"


@pytest.mark.alone
def test_reload_switches_the_fast_path_and_loses_no_frame(serve_fast):
    host, _, daemon, wire = serve_fast(config={"mode": "answer"})
    confirm(wire, host, host.children[0])
    off = {"parent": {"nic0": {"fast_path": False}}}
    on = {"parent": {"nic0": {"fast_path": True}}}
    exclude = '[parent.nic0]\nfast_path_exclude = [{ interface = "mv0" }]\n'
    for config, way, other in ((off, "ring", "reflect"), (on, "reflect", "ring"), (exclude, "ring", "reflect"),
                               (on, "reflect", "ring")):
        answered_across(host, wire, lambda wanted=config: reload(host, daemon, wanted))
        confirm(wire, host, host.children[0])
        before = verdict(host, way), verdict(host, other)
        assert wire.replies(who_has(host.children[0]), 1.0)
        assert (verdict(host, way), verdict(host, other)) == (before[0] + 1, before[1]), config


def test_observe_answers_nothing_and_counts_what_it_would_reflect(serve_fast):
    host, _, _, wire = serve_fast(config={"mode": "observe"})
    child = host.children[0]
    wire.replies(who_has(child), 1.0)
    for number in range(1, 4):
        assert [one.sha for one in wire.replies(who_has(child), 0.3, 0)] == [child.mac]
        assert verdict(host, "would_reflect") == number
    assert verdict(host, "reflect") == 0
