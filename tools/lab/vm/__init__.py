# SPDX-License-Identifier: Apache-2.0
"""
A virtual machine for what this machine's kernel or network card cannot do: Debian's cloud kernel under QEMU, without
KVM, on this machine's own files. They are its root, read-only, under a file system in memory: what is built and
installed here runs there, by the same paths, and nothing that it writes comes back but its report.
"""
from .kernel import Kernel, Unavailable, fetch
from .machine import NIC_MACS, QUEUES, Outcome, boot

__all__ = ["Kernel", "NIC_MACS", "Outcome", "QUEUES", "Unavailable", "boot", "fetch"]
