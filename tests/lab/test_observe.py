# SPDX-License-Identifier: Apache-2.0
"""mode = "observe": looks, counts what it would have done, changes nothing."""
from common import Lab, announcements, frames, serve, verdict, who_has

OBSERVE = {"mode": "observe", "announce": {"refresh": "1s"}}


def test_observe_counts_what_it_would_do_and_does_nothing():
    with Lab() as lab:
        host, _, _, wire = serve(lab, config=OBSERVE)
        child = host.children[0]
        inside = lab.closing(type(wire)(child.ns, child.interface))
        for _ in range(3):
            assert len(wire.replies(who_has(child), 1.0)) == 1
        seen = [one for one in inside.collect(0.3) if one.op == frames.REQUEST and one.tpa == child.address]
        assert len(seen) == 3 and all(one.eth_dst == frames.BROADCAST for one in seen), "requests were changed"
        verdicts = host.status()["verdicts"]
        assert verdicts["would_to_child_new"] >= 1 and verdicts["would_ring"] >= 1, verdicts
        acted = {name: count for name, count in verdicts.items()
                 if count and (name.startswith("to_child") or name == "ring")}
        assert not acted, acted
        assert sum(host.status()["engine_verdicts"].values()) == 0


def test_observe_announces_nothing():
    with Lab() as lab:
        host, _, _, wire = serve(lab, config=OBSERVE)
        late = host.add_child()
        found = wire.collect(4.0)
        assert not [one for child in (host.children[0], late) for one in announcements(found, child)]


def test_answer_mode_makes_a_new_request_unicast():
    with Lab() as lab:
        host, _, _, wire = serve(lab)
        child = host.children[0]
        inside = lab.closing(type(wire)(child.ns, child.interface))
        wire.replies(who_has(child), 1.0)
        seen = [one for one in inside.collect(0.3) if one.op == frames.REQUEST and one.tpa == child.address]
        assert [one.eth_dst for one in seen] == [child.mac]
        assert verdict(host, "to_child_new") == 1
