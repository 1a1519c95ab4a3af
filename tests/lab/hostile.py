#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
The process of a hostile container: it calls itself NetworkManager and puts an object in the place of that manager's
state file for interface IFINDEX. It runs in a mount namespace of its own, as hostile.py KIND IFINDEX READY, and creates
the file READY when it has done so.
"""
import ctypes
import os
import signal
import stat
import struct
import sys
from pathlib import Path

STATE = Path("/run/NetworkManager/devices")
FUSE_INIT, FUSE_HEADER, FUSE_VERSION = 26, struct.Struct("=IIQQIIII"), (7, 31)
libc = ctypes.CDLL(None, use_errno=True)


def mount(kind, target, options=""):
    if libc.mount(kind.encode(), str(target).encode(), kind.encode(), 0, options.encode()) != 0:
        raise OSError(ctypes.get_errno(), f"mount {kind} at {target}")


def fuse_that_hangs(target):
    """A FUSE file system that completes its mount and then answers no request."""
    fuse = os.open("/dev/fuse", os.O_RDWR)
    mount("fuse", target, f"fd={fuse},rootmode=40000,user_id=0,group_id=0")
    request = os.read(fuse, 1 << 17)
    _, code, unique = FUSE_HEADER.unpack_from(request)[:3]
    assert code == FUSE_INIT, code
    reply = struct.pack("=IIIIHHIIHHI28x", *FUSE_VERSION, 0, 0, 0, 0, 4096, 1, 0, 0, 0)
    os.write(fuse, struct.pack("=IiQ", 16 + len(reply), 0, unique) + reply)
    return fuse


def place(kind, path):
    if kind == "file":
        path.write_text("managed=true\n", encoding="ascii")
    elif kind == "device":
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "shadow":
        path.symlink_to("/etc/shadow")
    elif kind == "host":
        path.symlink_to("/proc/1/root/etc/shadow")
    elif kind == "magic":
        path.symlink_to("/proc/self/fd/0")
    elif kind == "huge":
        with open(path, "wb") as file:
            file.write(b"managed=true\n")
            file.truncate(1 << 40)
    elif kind == "directory":
        path.mkdir()
    elif kind == "folder":  # a symbolic link within the path
        path.parent.rmdir()
        path.parent.symlink_to("/etc")
    elif kind == "kmsg":  # a file of the kernel, below the state file's name
        path.touch()
        if libc.mount(b"/proc/kmsg", str(path).encode(), None, 4096, None) != 0:
            raise OSError(ctypes.get_errno(), "bind /proc/kmsg")
    else:
        raise ValueError(kind)


def main():
    kind, ifindex, ready = sys.argv[1:]
    Path("/proc/self/comm").write_text("NetworkManager", encoding="ascii")
    mount("tmpfs", "/run")
    STATE.mkdir(parents=True)
    fuse = fuse_that_hangs(STATE) if kind == "fuse" else None
    if fuse is None:
        place(kind, STATE / ifindex)
    Path(ready).touch()
    while fuse is not None:
        os.read(fuse, 1 << 17)
    signal.pause()


if __name__ == "__main__":
    main()
