# SPDX-License-Identifier: Apache-2.0
"""Changes of the parent, and one daemon with several parents."""
import contextlib
import json
import resource

from common import Arplined, arplined, confirm, endpoint, link_id, residue, verdict, wait_state, wait_until, who_has
from containers import macs_that_answer, served
from lab.daemon import read_status

OTHER = "nic1"


def status_of(host, parent):
    """The status of a parent by its present name, or None."""
    done = host.arpline("status", "--json")
    return next((one for one in json.loads(done.stdout)["parents"] if one["parent"] == parent), None)


def attached(host, nic) -> bool:
    return "prog/xdp" in host.ns.ip("-d", "link", "show", "dev", nic).stdout


class Second:
    """
    A host's second parent with a peer and a container of its own; it has the attributes that helpers need of a host.
    """
    def __init__(self, lab, host, nic=OTHER, subnet=78):
        self.host, self.nic, self.ns = host, nic, host.ns
        self.peer = lab.peer(f"peer-{nic}", f"10.{subnet}.0.1/16")
        self.requester = f"10.{subnet}.0.9"
        lab.veth(host.ns, nic, self.peer.ns, self.peer.nic)
        self.address = f"10.{subnet}.1.1/16"

    def status(self):
        return read_status(self)

    def add_child(self):
        """Adds a child as on the first parent: the host adds it to the NIC that its attribute names."""
        first, self.host.nic = self.host.nic, self.nic
        try:
            return self.host.add_child(self.address)
        finally:
            self.host.nic = first

    def confirm(self, wire, child):
        confirm(wire, self, child, address=self.requester)
        before = endpoint(self, child)["ringed"]
        assert [one.sha for one in wire.replies(who_has(child, address=self.requester), 1.0)] == [child.mac]
        assert endpoint(self, child)["ringed"] == before + 1


def two_parents(lab, config=None, args=("--parent", OTHER)):
    """Returns (host, its wire, its second parent, that parent's wire, daemon); each parent has a container."""
    host, peer = lab.host(), lab.peer()
    lab.connect(host, peer)
    second = Second(lab, host)
    host.add_child()
    second.child = second.add_child()
    daemon = host.start_arplined(config, args)
    return host, peer.wire(), second, second.peer.wire(), daemon


# Changes of a parent.

def test_containers_are_served_again_after_their_parent_was_down(serve):
    host, _, _, wire = serve(children=2)
    confirm(wire, host, *host.children)
    host.ns.ip("link", "set", host.nic, "down")
    wait_until(lambda: all(endpoint(host, child)["reason"] == "down" for child in host.children), 5,
               "they are down with it")
    host.ns.ip("link", "set", host.nic, "up")
    for child in host.children:
        served(wire, host, child)


def test_new_mac_of_the_parent_is_ours_and_the_old_one_is_not(serve):
    host, _, _, wire = serve()
    child, old, new = host.children[0], host.mac, "02:aa:00:00:00:02"
    confirm(wire, host, child)
    host.ns.ip("link", "set", host.nic, "address", new)

    def own_mac_after_asking_as(mac):
        before = verdict(host, "own_mac")
        wire.replies(who_has(child, mac), 0.1)
        return verdict(host, "own_mac") == before + 1
    wait_until(lambda: own_mac_after_asking_as(new), 5, "frames from the new MAC are told as our own")
    assert not own_mac_after_asking_as(old)
    served(wire, host, child)
    assert host.status()["egress"] == "seen"


def test_new_mac_of_the_parent_is_the_passthru_childs_too(serve):
    host, _, _, wire = serve(mode="passthru")
    child = host.children[0]
    served(wire, host, child)
    host.ns.ip("link", "set", host.nic, "address", "02:aa:00:00:00:02")
    served(wire, host, child, "02:aa:00:00:00:02")


def test_renamed_parent_is_served_on_and_goes_by_its_new_name(serve):
    host, _, daemon, wire = serve(children=2)
    child, goes = host.children
    confirm(wire, host, child, goes)
    goes.remove_address()
    wait_state(host, goes, None, 5)
    host.ns.ip("link", "set", host.nic, "name", "lan0")
    wait_until(lambda: status_of(host, "lan0"), 5, "the status shows the new name")
    host.nic = "lan0"
    served(wire, host, child)
    assert f"{goes.address} " in host.arpline("status", "--gone", "--parent", "lan0").stdout
    done = host.arpline("detach", "lan0")
    assert done.returncode == 0, done.stderr
    assert daemon.wait_exit() == 0 and not residue(host), residue(host)


def test_renamed_parent_of_a_dead_daemon_is_taken_over_under_its_new_name(serve):
    host, _, daemon, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    daemon.kill9()
    host.ns.ip("link", "set", host.nic, "name", "lan0")
    host.nic = "lan0"
    second = host.start_arplined()
    served(wire, host, child)
    second.stop()
    assert not residue(host), residue(host)


def test_parent_that_moves_to_another_namespace_is_let_go_and_served_again_when_it_is_back(lab, serve):
    host, _, daemon, wire = serve()
    child, away = host.children[0], lab.namespace("away")
    confirm(wire, host, child)
    host.ns.ip("link", "set", host.nic, "netns", away.name)
    wait_until(lambda: "is gone" in daemon.log, 5, "the log says so")
    wait_until(lambda: "prog/xdp" not in away.ip("-d", "link", "show", "dev", host.nic).stdout, 5,
               "no program of ours goes with it")
    assert daemon.running()
    away.ip("link", "set", host.nic, "netns", host.ns.name)
    host.ns.ip("link", "set", host.nic, "up")
    wait_until(lambda: (host.status() or {"daemon": False})["daemon"], 10, "it is served again")
    served(wire, host, child)


# Several parents.

def test_one_daemon_serves_two_parents(lab):
    host, wire, second, other_wire, daemon = two_parents(lab)
    served(wire, host, host.children[0])
    second.confirm(other_wire, second.child)
    assert [one["address"] for one in host.status()["endpoints"]] == [host.children[0].address]
    assert [one["address"] for one in second.status()["endpoints"]] == [second.child.address]
    assert daemon.stop() == 0
    assert not residue(host) and not attached(host, OTHER), residue(host)


def test_detach_of_one_parent_leaves_the_other_served(lab):
    host, wire, second, other_wire, daemon = two_parents(lab)
    served(wire, host, host.children[0])
    second.confirm(other_wire, second.child)
    done = host.arpline("detach", host.nic)
    assert done.returncode == 0, done.stderr
    assert not attached(host, host.nic) and attached(host, OTHER)
    assert host.status() is None and daemon.running()
    assert macs_that_answer(wire, host.children[0]) == {host.children[0].mac}, "its kernel answers"
    second.confirm(other_wire, second.child)
    host.arpline("detach", OTHER)
    assert daemon.wait_exit() == 0, "nothing is left to serve"
    assert not residue(host), residue(host)


def test_parent_that_comes_later_is_served_when_it_comes(lab, serve):
    host, _, daemon, wire = serve(config={"parent": {"nic0": {}, OTHER: {}}})
    assert f"{OTHER}: no such interface" in daemon.log, daemon.log
    served(wire, host, host.children[0])
    second = Second(lab, host)
    second.child = second.add_child()
    wait_until(lambda: (second.status() or {"daemon": False})["daemon"], 10, "it is served")
    second.confirm(second.peer.wire(), second.child)
    served(wire, host, host.children[0])


def test_one_of_two_parents_goes_and_the_other_is_served_on(lab):
    host, wire, second, other_wire, daemon = two_parents(lab)
    second.confirm(other_wire, second.child)
    host.ns.ip("link", "del", OTHER)
    wait_until(lambda: f"{OTHER}: the interface is gone" in daemon.log, 5, "the log says so")
    served(wire, host, host.children[0])
    assert daemon.running()


def test_daemon_that_may_open_nothing_more_goes_on_and_is_whole_when_it_may_again(lab):
    """Each change of the peers' programs makes the daemon open and close rings: it can't, for both parents."""
    host, wire, second, other_wire, daemon = two_parents(lab)
    confirm(wire, host, host.children[0])
    second.confirm(other_wire, second.child)
    may = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (3, may[1]))
    second.peer.load_pass_program()
    wait_until(lambda: "Too many open files" in daemon.log, 5, lambda: f"nothing failed: {daemon.log}")
    second.peer.unload_program()
    with contextlib.suppress(AssertionError):
        wait_until(lambda: not daemon.running(), 1, "it ends")
    assert daemon.running(), daemon.log
    assert macs_that_answer(wire, host.children[0]) == {host.children[0].mac}
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, may)
    wait_until(lambda: second.status()["queues"] == 1, 10, lambda: f"the ring is back: {daemon.log}")
    second.confirm(other_wire, second.child)
    served(wire, host, host.children[0])


def test_generic_xdp_of_one_parent_takes_no_ring_from_the_other(lab):
    host, wire, second, other_wire, _ = two_parents(lab, {"parent": {"nic0": {"generic_xdp": True}}})
    second.confirm(other_wire, second.child)
    confirm(wire, host, host.children[0])
    assert host.status()["queues"] == 0 and second.status()["queues"] == 1


def foreign_second(lab):
    """A host whose second parent has a foreign XDP program; both parents have a container."""
    host, peer = lab.host(), lab.peer()
    lab.connect(host, peer)
    second = Second(lab, host)
    host.ns.ip("link", "set", "dev", OTHER, "xdpdrv", "obj", lab.bpf_object("pass"), "sec", "xdp.frags")
    host.add_child()
    return host, peer.wire(), second


def test_parent_with_a_foreign_program_waits_and_the_other_is_served(lab):
    """status names it, nothing is loaded for it, and it is served once the foreign program is gone."""
    host, wire, second = foreign_second(lab)
    daemon = host.start_arplined(None, ("--parent", OTHER))
    served(wire, host, host.children[0])
    waiting = json.loads(host.arpline("status", "--json").stdout)["waiting"]
    assert [one["parent"] for one in waiting] == [OTHER] and "lab_pass" in waiting[0]["reason"], waiting
    assert f"{OTHER}: WAITING" in host.arpline("status").stdout
    pins = host.status()["pins"]
    before = link_id(pins)
    tries = daemon.log.count("lab_pass")
    assert tries == 1, "the same reason is said once"
    assert "lab_pass" in host.ns.ip("-d", "link", "show", "dev", OTHER).stdout, "it is left alone"
    host.ns.ip("link", "set", "dev", OTHER, "xdpdrv", "off")
    second.child = second.add_child()
    wait_until(lambda: (second.status() or {"daemon": False})["daemon"], 35, "it is served")
    second.confirm(second.peer.wire(), second.child)
    assert link_id(pins) == before, "the healthy parent's program was attached anew"
    assert json.loads(host.arpline("status", "--json").stdout)["waiting"] == []


def test_parent_that_cannot_be_served_leaves_what_keep_kept(serve):
    """The daemon ends with its only parent; programs that an earlier run kept stay attached and pass all frames."""
    host, peer, daemon, wire = serve(config={"parent": {"nic0": {"on_stop": "keep"}}})
    confirm(wire, host, host.children[0])
    pins = host.status()["pins"]
    daemon.stop()
    before = link_id(pins)
    host.ns.run("tc", "qdisc", "del", "dev", host.nic, "clsact")
    host.ns.run("tc", "qdisc", "add", "dev", host.nic, "ingress")
    done = host.ns.run(arplined(), "--parent", host.nic, check=False)
    said = done.stderr.strip().splitlines()
    assert done.returncode == 1 and len(said) == 1, done
    assert f"tc qdisc del dev {host.nic} ingress" in said[0], said
    foretold = host.arpline("preflight", host.nic)
    assert foretold.returncode == 1 and f"tc qdisc del dev {host.nic} ingress" in foretold.stdout, foretold
    assert link_id(pins) == before, "the kept program was detached"
    host.ns.run("tc", "qdisc", "del", "dev", host.nic, "ingress")
    host.start_arplined()
    assert link_id(host.status()["pins"]) == before
    confirm(wire, host, host.children[0])


def test_all_parents_of_two_that_cannot_be_served_are_waited_for(lab):
    host, _, _ = foreign_second(lab)
    host.ns.ip("link", "set", "dev", host.nic, "xdpdrv", "obj", lab.bpf_object("pass"), "sec", "xdp.frags")
    daemon = Arplined(host, None, ("--parent", OTHER))
    wait_until(lambda: daemon.log.count("lab_pass") == 2, 5, lambda: f"both are told: {daemon.log}")
    assert daemon.running() and not residue_of_ours(host)
    host.ns.ip("link", "set", "dev", host.nic, "xdpdrv", "off")
    wait_until(lambda: (host.status() or {"daemon": False})["daemon"], 35, "it is served")


def residue_of_ours(host):
    return [one for one in residue(host) if "XDP" not in one]
