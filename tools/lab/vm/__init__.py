# SPDX-License-Identifier: Apache-2.0
"""
A virtual machine for tests that need another kernel or network card: Debian's cloud kernel under QEMU, without KVM. Its
root is this machine's, read-only, below a file system in memory: programs that are built and installed here run there
by the same paths, and no file that it writes comes back but its report.
"""
from .kernel import Kernel, Unavailable, fetch
from .machine import NIC_MACS, QUEUES, Outcome, boot

__all__ = ["Kernel", "NIC_MACS", "Outcome", "QUEUES", "Unavailable", "boot", "fetch"]
