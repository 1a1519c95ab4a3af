# SPDX-License-Identifier: Apache-2.0
"""The CNI macvlan plugin, called directly: it creates the interface inside the container's namespace."""
from common import wired
from containers import available, gone, marked, served
from lab.runtimes import Cni, Held

ADDRESS = "10.77.2.1"


def attached_served_and_detached(lab, make_namespace, end_namespace):
    host, peer = wired(lab, children=0)
    namespace = make_namespace(lab)
    container = available(Cni, host, namespace.path, ADDRESS)
    host.start_arplined()
    wire = peer.wire()
    for _ in range(2):
        container.add()
        served(wire, host, container)
        container.delete()
        gone(wire, host, container)
    container.add()
    served(wire, host, container)
    mark = marked(host, namespace.path)
    end_namespace(lab, namespace)
    gone(wire, host, container, mark)


def test_attachment_of_a_named_namespace_is_served_until_it_is_deleted(lab):
    attached_served_and_detached(lab, lambda lab: lab.namespace("box"), lambda lab, box: lab.forget_namespace(box))


def test_attachment_of_a_namespace_that_only_a_process_holds_is_served_until_it_is_deleted(lab):
    attached_served_and_detached(lab, Held, lambda _, held: held.close())
