# SPDX-License-Identifier: Apache-2.0
"""Attaches a program at tcx egress by the bpf(2) system call, because the distribution's tools do not support tcx."""
import contextlib
import ctypes
import os
import struct

import pytest
from common import run

SYS_BPF = 321  # x86-64
BPF_OBJ_GET, BPF_LINK_CREATE = 7, 28
BPF_TCX_EGRESS = 47
_libc = ctypes.CDLL(None, use_errno=True)


def _bpf(command: int, attributes: bytes) -> int:
    raw = ctypes.create_string_buffer(attributes.ljust(64, b"\0"), 64)
    fd = _libc.syscall(SYS_BPF, command, raw, 64)
    if fd < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return fd


@contextlib.contextmanager
def at_egress(lab, host, program: str):
    """While this lasts, tools/lab/bpf/PROGRAM.bpf.c runs before all clsact filters of the host's parent."""
    if os.uname().machine != "x86_64":
        pytest.skip("the number of the system call is known for x86-64 only")
    pin = f"/sys/fs/bpf/{lab.id}-tcx"
    run("bpftool", "prog", "load", lab.bpf_object(program), pin, "type", "classifier")
    try:
        path = ctypes.create_string_buffer(pin.encode())
        fd = _bpf(BPF_OBJ_GET, struct.pack("Q", ctypes.addressof(path)))
    finally:
        os.unlink(pin)
    try:
        with host.ns.entered():
            ifindex = int(host.ns.run("cat", f"/sys/class/net/{host.nic}/ifindex", sysfs=True).stdout)
            try:
                link = _bpf(BPF_LINK_CREATE, struct.pack("IIII", fd, ifindex, BPF_TCX_EGRESS, 0))
            except OSError as error:
                pytest.skip(f"this kernel has no tcx: {error}")
    finally:
        os.close(fd)
    try:
        yield
    finally:
        os.close(link)
