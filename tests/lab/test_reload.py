# SPDX-License-Identifier: Apache-2.0
"""SIGHUP and `arpline reload` change the configuration of a running daemon without loss of a frame."""
import json
import signal
import subprocess
import time
from types import SimpleNamespace

import pytest
from common import (announcements, arpline, confirm, endpoint, exchange, frames, never_answered, verdict, wait_state,
                    wait_until, who_has)
from containers import served
from lab.daemon import to_toml
from test_parents import OTHER, Second, attached

RATE = 300
VM = SimpleNamespace(address="10.77.5.5", mac="52:54:00:12:34:56", vlan=0)


def rewrite(daemon, config):
    path = daemon.argv[daemon.argv.index("--config") + 1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(config if isinstance(config, str) else to_toml(config))


def reload(host, daemon, config):
    rewrite(daemon, config)
    done = host.arpline("reload")
    assert done.returncode == 0, done.stderr
    return done


def refused_reload(host, daemon, config, *words):
    """Expects exit code 1, one line with these words, and a daemon that continues with its old configuration."""
    rewrite(daemon, config)
    done = host.arpline("reload")
    lines = (done.stdout + done.stderr).strip().splitlines()
    assert done.returncode == 1 and len(lines) == 1, done
    for word in ("stays as it was", *words):
        assert word in lines[0], f"{word!r} is not in: {lines[0]}"
    assert daemon.running() and host.status()["lease"] == "live"


def answered_across(host, wire, change):
    """Makes a change under steady who-has for a confirmed container; expects one answer to every who-has."""
    done = []

    def once(elapsed):
        if elapsed > 0.7 and not done:
            done.append(change())
    sent, found = exchange(wire, lambda _: who_has(host.children[0]), RATE, 2.0, once)
    answers = [one for one in found if one.op == frames.REPLY]
    assert done and len(answers) == sent, f"{len(answers)} answers to {sent} requests"


def start(serve, config, children=1):
    host, peer, daemon, wire = serve(children=children, config=config)
    confirm(wire, host, *host.children)
    return host, daemon, wire


@pytest.mark.alone
def test_reload_from_answer_to_observe_and_back_loses_no_frame(serve):
    host, daemon, wire = start(serve, {"mode": "answer"})
    answered_across(host, wire, lambda: reload(host, daemon, {"mode": "observe"}))
    assert host.status()["mode"] == "observe" and host.status()["queues"] == 0
    before = verdict(host, "ring")
    answered_across(host, wire, lambda: reload(host, daemon, {"mode": "answer"}))
    assert host.status()["mode"] == "answer" and verdict(host, "ring") > before


@pytest.mark.alone
def test_sighup_with_a_new_budget_loses_no_frame(serve):
    host, daemon, wire = start(serve, {"limits": {"to_child": 0}})

    def change():
        rewrite(daemon, {"limits": {"to_child": 1000}})
        daemon.process.send_signal(signal.SIGHUP)
    answered_across(host, wire, change)
    wait_until(lambda: "read again" in daemon.log, 5, "the log says so")
    before = verdict(host, "to_child_new")
    assert wire.replies(who_has(host.children[0], "02:b2:00:00:00:01", "10.77.3.1"), 1.0)
    assert verdict(host, "to_child_new") == before + 1


def test_new_refresh_takes_effect_at_once(serve):
    host, daemon, wire = start(serve, {"announce": {"refresh": "1h"}})
    wait_until(lambda: announcements(wire.collect(0.1), host.children[0]), 8, "it is announced on appearance")
    wire.collect(2.5)  # the second announcement of the set
    reload(host, daemon, {"announce": {"refresh": "300ms"}})
    child = host.children[0]
    assert len(announcements(wire.collect(20, lambda found: len(announcements(found, child)) >= 4), child)) >= 4


def test_reload_of_the_same_file_changes_nothing(serve):
    host, daemon, wire = start(serve, {"mode": "answer"}, children=2)
    before = endpoint(host, host.children[0])
    reload(host, daemon, {"mode": "answer"})
    for child in host.children:
        assert endpoint(host, child)["state"] == "confirmed"
    assert wire.replies(who_has(host.children[0]), 1.0)
    assert endpoint(host, host.children[0])["ringed"] == before["ringed"] + 1, "the pairs are forgotten"


def test_broken_file_keeps_the_old_configuration(serve):
    host, daemon, wire = start(serve, {"mode": "answer"})
    refused_reload(host, daemon, "mode = [", ":1")
    refused_reload(host, daemon, "colour = 'blue'", "colour", "unknown key")
    rewrite(daemon, {"mode": "shout"})
    logged = len(daemon.log)
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "mode" in daemon.log[logged:], 5, "the log says what is wrong")
    assert len(daemon.log[logged:].strip().splitlines()) == 1, daemon.log[logged:]
    assert host.status()["mode"] == "answer"
    served(wire, host, host.children[0])


def test_what_needs_a_restart_is_refused_by_name(serve):
    host, daemon, wire = start(serve, {"mode": "answer"})
    refused_reload(host, daemon, {"mode": "observe", "parent": {"nic0": {"generic_xdp": True}}},
                   "parent.nic0.generic_xdp", "restart")
    refused_reload(host, daemon, {"mode": "observe", "netns_folders": ["/nowhere"]}, "netns_folders", "restart")
    assert host.status()["mode"] == "answer", "half of it was taken"
    served(wire, host, host.children[0])


def test_reload_adds_a_parent_and_removes_it_and_the_first_loses_no_frame(lab, serve):
    host, daemon, wire = start(serve, {"mode": "answer"})
    second = Second(lab, host)
    second.child = second.add_child()
    answered_across(host, wire, lambda: reload(host, daemon, {"parent": {OTHER: {}}}))
    second.confirm(second.peer.wire(), second.child)
    answered_across(host, wire, lambda: reload(host, daemon, {"mode": "answer"}))
    wait_until(lambda: not attached(host, OTHER), 5, "it is let go")
    assert second.status() is None and endpoint(host, host.children[0])["state"] == "confirmed"


def test_reload_without_a_daemon_says_so(serve):
    host, daemon, _ = start(serve, {"mode": "answer"})
    daemon.stop()
    for words in (("reload",), ("limit",), ("status",), ("status", "--gone")):
        done = host.arpline(*words)
        assert done.returncode == 3 and "arpline" in done.stdout + done.stderr, (words, done)
    assert "no arplined runs" in host.arpline("reload").stderr


def test_reload_tells_how_each_parent_fares(serve):
    """One that does not exist is told of too, and so is one that comes later."""
    host, daemon, _ = start(serve, {"parent": {"nic0": {}, OTHER: {}}})
    told = host.arpline("reload").stdout.splitlines()
    assert told[0] == "nic0: the configuration has been read again", told
    assert len(told) == 2 and told[1].startswith(f"{OTHER}: not served") and "no such interface" in told[1], told
    answer = json.loads(host.arpline("--json", "reload").stdout)["daemons"]
    assert [one["parents"] for one in answer] == [["nic0", OTHER]] and daemon.running(), answer
    assert [one["parent"] for one in answer[0]["waiting"]] == [OTHER], answer


# Static endpoints, and the selection of endpoints by include and exclude.

def with_static(address, mac, more=""):
    return f'[parent.nic0]\nstatic = [{{ ip = "{address}/16", mac = "{mac}" }}]\n{more}'


def test_static_endpoint_is_served_once_its_own_kernel_has_answered(wired):
    """The interface exists, but the configuration excludes it from discovery."""
    host, peer = wired()
    child = host.children[0]
    host.start_arplined(with_static(child.address, child.mac, f'exclude = [{{ mac = "{child.mac}" }}]'))
    assert endpoint(host, child)["namespace"] == "static" and endpoint(host, child)["state"] == "waiting"
    served(peer.wire(), host, child)


def test_static_endpoint_that_nobody_answers_for_is_announced_and_never_answered(serve):
    host, _, wire = start(serve, with_static(VM.address, VM.mac))
    assert announcements(wire.collect(3.0), VM)
    never_answered(wire, VM)
    assert endpoint(host, VM)["ringed"] == 0


def test_static_endpoint_comes_and_goes_with_a_reload(serve):
    host, daemon, wire = start(serve, {"mode": "answer"})
    reload(host, daemon, with_static(VM.address, VM.mac))
    assert endpoint(host, VM)["mac"] == VM.mac
    reload(host, daemon, {"mode": "answer"})
    assert endpoint(host, VM) is None
    assert endpoint(host, host.children[0])["state"] == "confirmed"


def test_static_endpoint_with_a_containers_address_takes_nothing_from_it_and_is_named(serve):
    host, daemon, wire = start(serve, {"mode": "answer"})
    child = host.children[0]
    reload(host, daemon, with_static(child.address, VM.mac))
    assert VM.mac in endpoint(host, child)["also_at"]
    served(wire, host, child)
    reload(host, daemon, {"mode": "answer"})
    assert endpoint(host, child)["also_at"] is None
    served(wire, host, child)


def test_container_that_calls_its_interface_otherwise_is_chosen_by_the_name_that_it_was_found_with(serve):
    config = '[parent.nic0]\nexclude = [{ interface = "dmz*" }]\n'
    host, daemon, wire = start(serve, config)
    hidden = host.add_child(interface="dmz0")
    time.sleep(0.5)
    hidden.link("down")
    hidden.ns.ip("link", "set", "dmz0", "name", "eth7")
    hidden.interface = "eth7"
    hidden.link("up")
    time.sleep(1)
    assert endpoint(host, hidden) is None, "it has got out of its exclusion"
    reload(host, daemon, config)
    assert endpoint(host, hidden) is None
    assert [one.sha for one in wire.replies(who_has(hidden), 1.0)] == [hidden.mac], "its kernel answers"


def test_excluded_and_not_included_containers_are_left_to_their_kernels(serve):
    host, daemon, wire = start(serve, {"mode": "answer"}, children=3)
    first, second, third = host.children
    reload(host, daemon, f'[parent.nic0]\nexclude = [{{ mac = "{first.mac}" }}]\n')
    wait_state(host, first, None, 3)
    assert [one.sha for one in wire.replies(who_has(first), 1.0)] == [first.mac], "its kernel answers"
    reload(host, daemon, f'[parent.nic0]\ninclude = [{{ namespace = "*-c2" }}, '
                         f'{{ address = "{second.address}" }}]\n')
    wait_state(host, first, None, 3)
    for child in (second, third):
        assert endpoint(host, child)["state"] == "confirmed", "those that stay are not touched"
    reload(host, daemon, {"mode": "answer"})
    served(wire, host, first)


# Several reloads at once.

def at_once(host, *commands):
    """Sends all commands before the daemon handles the first."""
    daemon = host.lab.daemons[-1]
    daemon.sigstop()
    running = [host.ns.spawn(arpline(), *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
               for words in commands]
    time.sleep(0.5)
    daemon.sigcont()
    return [(one.wait(15), *one.communicate()) for one in running]


def test_detach_in_the_same_moment_as_a_reload_is_not_lost(lab, serve):
    host, daemon, wire = start(serve, {"mode": "answer"})
    second = Second(lab, host)
    second.child = second.add_child()
    reload(host, daemon, {"parent": {OTHER: {}}})
    second.confirm(second.peer.wire(), second.child)
    done = at_once(host, ("detach", OTHER), ("reload",), ("reload",), ("status", "--json"))
    assert done[0][0] == 0, done[0]
    # If the reload is handled after the detach, the parent is served again, as the file says.
    wait_until(lambda: f"{OTHER}: detached" in daemon.log, 5, "it is let go")
    assert daemon.running()
    served(wire, host, host.children[0])


def test_reloads_that_add_and_remove_parents_are_answered_beside_others(lab, serve):
    """
    Regression: a postponed reload, answered between two turns of the loop, invalidated the answer to another client.
    """
    host, daemon, wire = start(serve, {"mode": "answer"})
    second = Second(lab, host)
    second.add_child()
    for round_ in range(6):
        rewrite(daemon, {"parent": {OTHER: {}}} if round_ % 2 == 0 else {"mode": "answer"})
        done = at_once(host, *[("status", "--json")] * 4, *[("reload",)] * 3, ("limit",))
        assert [code for code, _, said in done[4:7] if "Traceback" not in said] == [0, 0, 0], done
        assert daemon.running(), daemon.log
    served(wire, host, host.children[0])
