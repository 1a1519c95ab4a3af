# SPDX-License-Identifier: Apache-2.0
"""Which Linux peers accept a new MAC from an announcement, and which of their settings refuse it: docs/protocol.md."""
from common import frames, wait_until
from lab.wire import Wire

ADDRESS, OLD_MAC, NEW_MAC = "10.77.1.1", "02:a7:00:00:00:01", "02:a7:00:00:00:02"
CONF, NEIGH = "net/ipv4/conf/peer0", "net/ipv4/neigh/peer0"


class Peer:
    """A peer, and a wire from which both the old and the new owner of the address send."""

    def __init__(self, lab):
        self.peer, place = lab.peer(), lab.peer("place", None)
        lab.connect(self.peer, place)
        self.wire = lab.closing(Wire(place.ns, place.nic))

    def entry(self) -> str:
        words = self.peer.ns.ip("neigh", "show", ADDRESS).stdout.split()
        return words[words.index("lladdr") + 1] if "lladdr" in words else ""

    def resolve(self):
        """Makes the peer ask, and answers from the old MAC."""
        self.peer.forget()
        asking = self.peer.ns.spawn("ping", "-c", "1", "-W", "1", ADDRESS)
        asked = next(one for one in self.wire.collect(2, lambda found: any(one.tpa == ADDRESS for one in found))
                     if one.tpa == ADDRESS)
        self.wire.send(frames.arp(op=frames.REPLY, eth_dst=asked.sha, eth_src=OLD_MAC, spa=ADDRESS, tha=asked.sha,
                                  tpa=asked.spa))
        wait_until(lambda: self.entry() == OLD_MAC, 2, "it is resolved")
        asking.kill()
        asking.wait()

    def believes(self, op=frames.REQUEST, tha=frames.ZERO_MAC) -> bool:
        """Whether the peer sends to the new MAC after its announcement of the address."""
        self.wire.send(frames.arp(op=op, eth_src=NEW_MAC, spa=ADDRESS, tpa=ADDRESS, tha=tha))
        # The peer handles frames in order, so an answer to this one shows that it has handled the announcement.
        assert self.wire.replies(frames.arp(eth_src=NEW_MAC, spa="10.77.9.9", tpa="10.77.0.1"), 1.0)
        return self.entry() == NEW_MAC

    def resolved_and_believes(self, **announcement) -> bool:
        self.resolve()
        return self.believes(**announcement)


def test_announcement_is_believed_at_once_as_a_request_and_as_the_reply_that_we_send(lab):
    one = Peer(lab)
    assert one.resolved_and_believes()
    assert one.resolved_and_believes(op=frames.REPLY, tha=NEW_MAC)
    assert not one.resolved_and_believes(op=frames.REPLY), "a reply whose target MAC is another waits for locktime"


def test_settings_that_do_not_keep_a_peer_from_believing(lab):
    one = Peer(lab)
    for key, value in ((f"{NEIGH}/locktime", 10_000), (f"{CONF}/arp_accept", 0), (f"{CONF}/arp_filter", 1),
                       (f"{CONF}/rp_filter", 1)):
        one.peer.ns.sysctl(key, value)
        assert one.resolved_and_believes(), f"{key} = {value}"


def test_peer_that_drops_gratuitous_arp_or_has_a_permanent_entry_keeps_the_old_mac(lab):
    one = Peer(lab)
    one.peer.ns.sysctl(f"{CONF}/drop_gratuitous_arp", 1)
    assert not one.resolved_and_believes()
    assert not one.resolved_and_believes(op=frames.REPLY, tha=NEW_MAC)
    one.peer.ns.sysctl(f"{CONF}/drop_gratuitous_arp", 0)
    one.peer.ns.ip("neigh", "replace", ADDRESS, "lladdr", OLD_MAC, "dev", one.peer.nic, "nud", "permanent")
    assert not one.believes()


def test_only_arp_accept_makes_an_entry_of_an_announcement(lab):
    one = Peer(lab)
    assert not one.believes() and one.entry() == ""
    one.peer.ns.sysctl(f"{CONF}/arp_accept", 1)
    assert one.believes()
