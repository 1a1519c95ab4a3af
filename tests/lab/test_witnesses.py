# SPDX-License-Identifier: Apache-2.0
"""Other people's programs beside arpline: monitors of ARP, and hosts that probe for an address before they take it."""
import re

from common import confirm, wait_until
from managers import needs, networkd

FREE = "10.77.9.9"
ARPALERT = """\
use syslog = false
daemon = false
user = root
log level = 6
ignore me = false
log new address = true
log file = "{folder}/arpalert.log"
lock file = "{folder}/arpalert.pid"
maclist file = "/dev/null"
maclist alert file = "/dev/null"
mac vendor file = "/dev/null"
maclist leases file = "{folder}/arpalert.leases"
"""


def watched(lab, ns, interface, name, *argv):
    """Starts a monitor; returns a function that reads its log."""
    needs(name)
    log = lab.folder / f"{name}.log"
    with open(log, "ab") as out:
        process = ns.spawn(name, *argv, "-i", interface, stdout=out, stderr=out)

    def said():
        text = log.read_text(encoding="utf-8", errors="replace")
        assert process.poll() is None, f"{name} has ended: {text}"
        return text
    return said


def listens(ns, count):
    """Waits until so many packet sockets are open, from when on no frame is missed."""
    wait_until(lambda: len(ns.run("cat", "/proc/net/packet").stdout.splitlines()) - 1 >= count, 10, "they listen")


def test_arpwatch_and_arpalert_learn_a_container_from_its_announcements_alone(lab, wired):
    host, peer = wired(children=0)
    (lab.folder / "arp.dat").touch()
    (lab.folder / "arpalert.conf").write_text(ARPALERT.format(folder=lab.folder), encoding="utf-8")
    arpwatch = watched(lab, peer.ns, peer.nic, "arpwatch", "-d", "-N", "-f", lab.folder / "arp.dat")
    arpalert = watched(lab, peer.ns, peer.nic, "arpalert", "-F", "-f", lab.folder / "arpalert.conf")
    listens(peer.ns, 2)
    host.start_arplined()
    child = host.add_child()
    wait_until(lambda: re.search(rf"ip address: {child.address}\n.*\n +ethernet address: {child.mac}", arpwatch()),
               5, arpwatch)
    wait_until(lambda: f"mac={child.mac}, ip={child.address}, type=new" in arpalert(), 5, arpalert)


def test_arping_of_busybox_is_told_that_a_containers_address_is_in_use(serve):
    needs("busybox")
    host, peer, _, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)

    def in_use(address):
        done = peer.ns.run("busybox", "arping", "-D", "-c", "2", "-w", "2", "-I", peer.nic, address, check=False)
        return done.returncode == 1 and child.mac in done.stdout
    assert in_use(child.address)
    assert not in_use(FREE)


def test_networkd_does_not_take_a_containers_address(lab, serve):
    """systemd-networkd's conflict detection is another implementation of RFC 5227; it takes only a free address."""
    host, peer, _, wire = serve()
    child = host.children[0]
    confirm(wire, host, child)
    peer.ns.ip("addr", "flush", "dev", peer.nic)
    lines = [f"[Address]\\nAddress={one}/16\\nDuplicateAddressDetection=ipv4" for one in (child.address, FREE)]
    process, log = networkd(lab, peer.ns, peer.nic, *lines)

    def has(address):
        assert process.poll() is None, log.read_text()
        return f"{address}/" in peer.ns.ip("-br", "addr", "show", "dev", peer.nic).stdout
    wait_until(lambda: f"Dropping address {child.address}, as an address conflict" in log.read_text(), 15,
               lambda: f"it is told: {log.read_text()}")
    wait_until(lambda: has(FREE), 15, "it takes the one that is free")
    assert not has(child.address)
