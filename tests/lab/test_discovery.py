# SPDX-License-Identifier: Apache-2.0
"""Discovery finds containers however they were created, and copes with noise and with lost events."""
import os
import re
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from common import confirm, endpoint, exchange, frames, run, wait_state, wait_until, who_has
from containers import destroyed, gone, marked, served
from lab.runtimes import Held

ADDRESS = "10.77.2.1"


def mounted(lab, folder):
    """A namespace that only a mount in that folder holds: no process, no name."""
    held = Held(lab)
    folder.mkdir(exist_ok=True)
    path = folder / "sandbox"
    path.touch()
    run("mount", "--bind", held.path, path)
    held.close()
    return path


def create_in(host, path, interface="mv9"):
    host.ns.ip(*f"link add link {host.nic} name {interface} netns {path} type macvlan mode bridge".split())


def move_in(host, path, interface="mv9"):
    host.ns.ip(*f"link add link {host.nic} name tmp9 type macvlan mode bridge".split())
    host.ns.ip("link", "set", "tmp9", "netns", path, "name", interface)


def bring_up(path, interface="mv9", address=ADDRESS):
    def inside(*argv):
        return run("nsenter", f"--net={path}", "ip", *argv).stdout
    inside("addr", "add", f"{address}/16", "dev", interface)
    inside("link", "set", interface, "up")
    return SimpleNamespace(address=address, mac=inside("-br", "link", "show", "dev", interface).split()[2],
                           interface=interface, vlan=0)


# Where the namespace is mounted.

def test_macvlan_created_inside_a_namespace_of_a_configured_folder_is_served_until_it_is_unmounted(lab, serve):
    folder = lab.folder / "sandboxes"
    host, _, _, wire = serve(children=0, config={"netns_folders": [str(folder)]})
    path = mounted(lab, folder)
    create_in(host, path)
    child = bring_up(path)
    assert served(wire, host, child)["namespace"] == "sandbox"
    mark = marked(host, path)
    run("umount", path)
    gone(wire, host, child, mark)


def test_macvlan_moved_into_a_namespace_that_only_a_mount_elsewhere_holds_is_served_until_it_is_unmounted(lab, serve):
    """That namespace can't be opened by a path or a process; the id that it got by the move is enough."""
    host, _, _, wire = serve(children=0)
    path = mounted(lab, lab.folder / "elsewhere")
    move_in(host, path)
    child = bring_up(path)
    served(wire, host, child)
    mark = marked(host, path)
    run("umount", path)
    gone(wire, host, child, mark)


def test_macvlan_created_where_only_a_mount_elsewhere_leads_is_its_kernels_until_a_process_is_there(lab, wired):
    host, peer = wired(children=0)
    path = mounted(lab, lab.folder / "elsewhere")
    create_in(host, path)
    child = bring_up(path)
    host.start_arplined()
    wire = peer.wire()
    for _ in range(3):  # each answer hints at an interface that is not known yet
        assert [one.sha for one in wire.replies(who_has(child), 1.0)] == [child.mac]
    assert endpoint(host, child) is None
    time.sleep(1.1)  # a stranger is reported at most once a second
    run("nsenter", f"--net={path}", "ping", "-c", 2, "-W", 1, "10.77.0.1")
    served(wire, host, child)
    time.sleep(1)  # meanwhile the namespace is known by its id, without the process
    served(wire, host, child)


def test_containers_that_were_there_before_the_daemon_are_found_wherever_they_are(lab, wired):
    host, peer = wired(children=1)
    host.add_child(created_inside=True)
    held = Held(lab)
    create_in(host, held.pid)
    host.start_arplined()
    for child in (*host.children, bring_up(held.path)):
        served(peer.wire(), host, child)


# Other events.

def descriptors(pid):
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:
            pass
    return found


def sockets_in(ns):
    """The inodes of all sockets, of each kind, that a namespace lists."""
    found = set()
    with ns.entered():
        for table, column in (("netlink", -1), ("packet", -1), ("unix", 6), ("udp", 9), ("tcp", 9), ("raw", 9)):
            for line in Path("/proc/thread-self/net", table).read_text(encoding="ascii").splitlines()[1:]:
                found.add(line.split()[column])
    return found


def test_daemon_holds_no_descriptor_or_socket_of_a_container(serve):
    host, _, daemon, wire = serve(children=2)
    host.add_child(created_inside=True)
    confirm(wire, host, *host.children)
    ours = descriptors(daemon.pid)
    assert not [one for one in ours if one.startswith("net:")], ours
    sockets = {re.sub(r"\D", "", one) for one in ours if one.startswith("socket:")}
    assert sockets & sockets_in(host.ns), "its own sockets are not recognized"
    for child in host.children:
        assert not sockets & sockets_in(child.ns), "a socket in the container"


def test_two_hundred_interfaces_that_come_and_go_in_a_container_disturb_nobody(lab, serve):
    host, _, daemon, wire = serve(children=2)
    confirm(wire, host, *host.children)
    logged, before = daemon.log, endpoint(host, host.children[0])
    noise = lab.folder / "noise"
    noise.write_text("".join(f"link add v{n} type veth peer name w{n}\n" for n in range(200)) +
                     "".join(f"link del v{n}\n" for n in range(200)), encoding="ascii")
    process = host.children[0].ns.spawn("ip", "-batch", noise)
    sent, found = exchange(wire, lambda n: who_has(host.children[n % 2]), 300, 3.0)
    assert process.wait(timeout=30) == 0
    answers = [one for one in found if one.op == frames.REPLY]
    assert len(answers) == sent, f"{len(answers)} of {sent}"
    after = endpoint(host, host.children[0])
    assert after["state"] == "confirmed" and after["ringed"] > before["ringed"], after
    # Labs that run in parallel share the neighbour table, and each change of a share is logged.
    said = [line for line in daemon.log.removeprefix(logged).splitlines()
            if "neighbour" not in line and "all limits are in force" not in line]
    assert not said, f"it logged what is nobody's business: {said}"


def dropped_events(daemon):
    """The kernel's count of events that the daemon's netlink sockets have dropped."""
    inodes = {re.sub(r"\D", "", one) for one in descriptors(daemon.pid) if one.startswith("socket:")}
    lines = Path(f"/proc/{daemon.pid}/net/netlink").read_text(encoding="ascii").splitlines()[1:]
    return sum(int(line.split()[8]) for line in lines if line.split()[9] in inodes)


@pytest.mark.timeout(90)
def test_table_is_right_after_more_events_than_the_socket_holds(serve):
    host, _, daemon, wire = serve(children=4)
    confirm(wire, host, *host.children)
    noisy, loses, dies, stays = host.children
    mark = marked(host, dies.ns.path)
    daemon.sigstop()
    noisy.ns.ip_batch([f"link set lo mtu {mtu}" for _ in range(4_000) for mtu in (60_000, 65_536)])
    assert dropped_events(daemon) > 0, "the socket held them all"
    loses.remove_address()
    dies.delete()
    destroyed(host, mark)  # from here on its inode and its id may be reused
    inside = host.add_child(created_inside=True)
    comes = host.add_child()
    daemon.sigcont()
    wait_state(host, loses, None, 10)
    wait_state(host, dies, None, 10)
    for child in (noisy, stays, comes, inside):
        served(wire, host, child)
    known = {one["address"] for one in host.status()["endpoints"]}
    assert known == {child.address for child in (noisy, stays, comes, inside)}, known
    loses.add_address(f"{loses.address}/16")  # events arrive as before
    wait_until(lambda: endpoint(host, loses), 1, "a new address is found")
