# SPDX-License-Identifier: Apache-2.0
"""
A lab: network namespaces with random names. Any exit removes them, with every process in them.

    with Lab() as lab:
        host, peer = lab.host(), lab.peer()
        lab.connect(host, peer)
        child = host.add_child()
        assert peer.ping(child.address).answered == 3
"""
import atexit
import os
import secrets
import signal
import sys
import tempfile
import threading
from pathlib import Path

from . import sh, teardown
from .netns import Namespace
from .topology import Host, Peer, Switch

KEEP_VARIABLE = "ARPLINE_LAB_KEEP"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _leave(number, _frame):
    raise SystemExit(128 + number)


class Lab:
    def __init__(self, keep=False):
        # The name contains the maker's pid, so that a lab whose maker was killed can be told from one in use.
        self.id = f"{os.getpid():x}-{secrets.token_hex(3)}"
        asked_by_environment = bool(os.environ.get(KEEP_VARIABLE))
        self.keep = keep or asked_by_environment
        self._say_how_to_remove = asked_by_environment and not keep
        self.folder = Path(tempfile.mkdtemp(prefix=f"arpl-{self.id}-"))
        self.daemons = []
        self._open = []
        self._namespaces: dict[str, Namespace] = {}
        self._handlers = {}
        self._gone = False

    def __enter__(self):
        if os.geteuid() != 0:
            raise PermissionError("a lab of network namespaces needs root")
        teardown.mount_bpffs()
        if threading.current_thread() is threading.main_thread():
            self._handlers = {number: signal.signal(number, _leave) for number in SIGNALS}
        atexit.register(self.close)
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        if self._gone:
            return
        self._gone = True
        atexit.unregister(self.close)
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            for thing in self._open:
                thing.close()
            if self._say_how_to_remove:
                print(f"The lab is left standing. Remove it with: {sh.ROOT}/tools/lab/remove {self.id}",
                      file=sys.stderr)
            if self.keep:
                return
            teardown.remove(self.id)
            for daemon in self.daemons:
                daemon.process.wait()
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    def closing(self, thing):
        """Closes `thing` with the lab, if nobody has closed it before."""
        self._open.append(thing)
        return thing

    # The nodes and the wires between them.

    def namespace(self, label: str) -> Namespace:
        name = f"{teardown.PREFIX}{self.id}-{label}"
        namespace = Namespace(name, pdeathsig=not self.keep)
        self._namespaces[name] = namespace
        return namespace

    def forget_namespace(self, namespace: Namespace) -> None:
        del self._namespaces[namespace.name]
        namespace.delete()

    def host(self, label="host", **options) -> Host:
        return Host(self, label, **options)

    def peer(self, label="peer", address="10.77.0.1/16", nic="peer0") -> Peer:
        peer = Peer(self, label, nic)
        peer.planned_address = address
        return peer

    def switch(self, label="switch", ageing_seconds=3.0) -> Switch:
        return Switch(self, label, ageing_seconds)

    def connect(self, node, other, **options) -> None:
        """other: a switch (with the options flood and locked) or another node. Options: queues, tx_queues, mtu."""
        if isinstance(other, Switch):
            other.port(node, **options)
            ends = (node,)
        else:
            self.veth(node.ns, node.nic, other.ns, other.nic, **options)
            ends = (node, other)
        for end in ends:
            if isinstance(end, Peer) and end.planned_address:
                end.address(end.planned_address)

    def veth(self, ns, name, other_ns, other_name, queues=1, tx_queues=None, mtu=1500) -> None:
        """tx_queues: transmit queues of the first end, when their number differs."""
        sent = tx_queues or queues
        sh.run("ip", *f"link add {name} netns {ns.name} mtu {mtu} numrxqueues {queues} numtxqueues {sent} type veth "
                      f"peer name {other_name} netns {other_ns.name} mtu {mtu} numrxqueues {sent} "
                      f"numtxqueues {queues}".split())
        ns.ip("link", "set", name, "up")
        other_ns.ip("link", "set", other_name, "up")

    def bpf_object(self, name: str) -> str:
        """Compiles bpf/NAME.bpf.c once per lab; returns the object's path."""
        target = self.folder / f"{name}.bpf.o"
        if not target.exists():
            triplet = sh.run("gcc", "-print-multiarch").stdout.strip()
            sh.run("clang", "-O2", "-g", "-target", "bpf", "-isystem", f"/usr/include/{triplet}", "-c",
                   Path(__file__).parent / "bpf" / f"{name}.bpf.c", "-o", target)
        return str(target)


def wired(lab: Lab, children=1, queues=1, tx_queues=None, mtu=1500, **child_options):
    """The simplest lab: a host connected to a peer. Returns (host, peer)."""
    host, peer = lab.host(), lab.peer()
    lab.connect(host, peer, queues=queues, tx_queues=tx_queues, mtu=mtu)
    host.add_children(children, **child_options)
    return host, peer
