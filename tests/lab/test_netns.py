# SPDX-License-Identifier: Apache-2.0
"""Namespaces made by `ip netns` or by hand: named, renamed and without a name; and their end."""
import json
import os
from types import SimpleNamespace

import pytest
from common import confirm, endpoint, never_answered, run, teardown, wait_state, wait_until
from containers import destroyed, gone, marked, served
from lab import Crowd
from lab.runtimes import Held

ADDRESS = "10.77.2.1"


def created_in(host, held, address, name="mv9"):
    """A macvlan that is created directly in a namespace without a name."""
    host.ns.ip(*f"link add link {host.nic} name {name} netns {held.pid} type macvlan mode bridge".split())
    held.ip("addr", "add", f"{address}/16", "dev", name)
    held.ip("link", "set", name, "up")
    mac = held.ip("-br", "link", "show", "dev", name).stdout.split()[2]
    return SimpleNamespace(address=address, mac=mac, interface=name, vlan=0)


def deleted_is_gone(serve, **child_options):
    host, _, _, wire = serve(children=0)
    child = host.add_child(**child_options)
    entry = served(wire, host, child)
    assert entry["namespace"] == child.ns.name and entry["interface"] == child.interface, entry
    mark = marked(host, child.ns.path)
    child.delete()
    gone(wire, host, child, mark)


def test_macvlan_moved_into_a_namespace_is_served_until_the_namespace_is_deleted(serve):
    deleted_is_gone(serve)


def test_macvlan_created_inside_a_namespace_is_served_until_the_namespace_is_deleted(serve):
    deleted_is_gone(serve, created_inside=True)


def test_macvlan_that_moves_on_to_another_namespace_keeps_being_found(lab, serve):
    host, _, _, wire = serve()
    child, boxes = host.children[0], [lab.namespace(name) for name in ("box1", "box2")]
    served(wire, host, child)
    for here, there in ((child.ns, boxes[0]), (boxes[0], boxes[1]), (boxes[1], child.ns)):
        here.ip("link", "set", child.interface, "netns", there.name)
        gone(wire, host, child)
        there.ip("addr", "add", f"{child.address}/16", "dev", child.interface)
        there.ip("link", "set", child.interface, "up")
        assert served(wire, host, child)["namespace"] == there.name


@pytest.mark.timeout(120)
def test_namespace_that_is_renamed_is_served_on_and_shown_by_its_new_name(lab, serve):
    host, _, _, wire = serve(children=2)
    child = host.children[0]
    confirm(wire, host, *host.children)
    new_name = f"{teardown.PREFIX}{lab.id}-renamed"
    new_path = child.ns.path.with_name(new_name)
    new_path.touch()
    run("mount", "--bind", child.ns.path, new_path)
    run("umount", child.ns.path)
    child.ns.path.unlink()
    served(wire, host, child)
    wait_until(lambda: endpoint(host, child)["namespace"] == new_name, 45, "it is shown by its new name")
    run("ip", "-n", new_name, "addr", "del", f"{child.address}/16", "dev", child.interface)
    gone(wire, host, child)
    run("ip", "-n", new_name, "addr", "add", f"{child.address}/16", "dev", child.interface)
    served(wire, host, child)
    mark = marked(host, new_path)
    run("ip", "netns", "del", new_name)
    gone(wire, host, child, mark)


def test_namespace_that_only_a_process_holds_is_served_until_the_process_ends(lab, serve):
    host, _, _, wire = serve(children=0)
    held = Held(lab)
    child = created_in(host, held, ADDRESS)
    assert str(held.pid) in served(wire, host, child)["namespace"]
    mark = marked(host, held.path)
    held.close()
    gone(wire, host, child, mark)


def test_namespace_that_loses_its_name_is_served_while_a_process_holds_it(lab, serve):
    host, _, _, wire = serve()
    child = host.children[0]
    holder = child.ns.spawn("sleep", 60)
    served(wire, host, child)
    mark = marked(host, child.ns.path)
    lab.forget_namespace(child.ns)
    served(wire, host, child)
    holder.kill()
    holder.wait()
    gone(wire, host, child, mark)


@pytest.mark.timeout(90)
def test_twenty_deleted_containers_are_really_destroyed(serve):
    """arplined holds neither a descriptor nor a socket of a namespace, so the kernel destroys it."""
    host, _, daemon, wire = serve()
    confirm(wire, host, host.children[0])
    descriptors = len(os.listdir(f"/proc/{daemon.pid}/fd"))
    for _ in range(5):
        children = host.add_children(4)
        confirm(wire, host, *children)
        marks = [marked(host, child.ns.path) for child in children]
        for child in children:
            child.delete()
        for child, mark in zip(children, marks):
            destroyed(host, mark)
            wait_state(host, child, None, 15)
        never_answered(wire, children[-1])
    assert len(os.listdir(f"/proc/{daemon.pid}/fd")) <= descriptors + 1, "descriptors of arplined"


def test_eighty_containers_that_come_and_go_at_once_are_all_found_and_all_remembered(serve):
    host, _, _, _ = serve()
    kept = host.children[0].address
    crowd = Crowd(host, "crowd", "10.77.8.1", 80)
    addresses = {box.address for box in crowd.boxes}

    def known():
        return {one["address"] for one in host.status()["endpoints"]}
    crowd.make(crowd.boxes[:40])
    crowd.make(crowd.boxes[40:], inside=True)
    wait_until(lambda: known() == addresses | {kept}, 20, lambda: f"{len(known())} of 81 are known")
    crowd.delete()
    wait_until(lambda: known() == {kept}, 20, lambda: f"{len(known())} are still known")
    gone_now = json.loads(host.arpline("status", "--gone", "--json").stdout)["gone"]
    assert {one["address"] for one in gone_now} == addresses and len(gone_now) == 80, len(gone_now)
    assert all("destroyed" in one["reason"] for one in gone_now), {one["reason"] for one in gone_now}
    assert host.status()["withdrawn"]["count"] >= 80, host.status()["withdrawn"]
