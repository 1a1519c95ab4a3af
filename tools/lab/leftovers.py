# SPDX-License-Identifier: Apache-2.0
"""Removes what a lab's container runtimes leave: processes in its control group, mounts, control groups, runc state."""
import contextlib
import os
import re
import shutil
import signal
import time
from pathlib import Path

from . import sh
from .netns import FOLDER

RUNC = Path("/run/runc")
ESCAPED = re.compile(r"\\([0-7]{3})")  # mount tables write a space as \040


def cgroup_of(lab_id: str) -> str:
    """Runtimes put their containers below it, so that these can be found after the runtime has ended."""
    return f"/arpl-{lab_id}"


def remove(lab_id: str, folders) -> None:
    """Ends the lab's containers and unmounts the mounts below its folders. Call it before the folders are deleted."""
    sandboxes = set()
    end = time.monotonic() + 5
    while (found := _processes(lab_id)) and time.monotonic() < end:
        for pid in found:
            with contextlib.suppress(OSError):
                sandboxes.add(os.stat(f"/proc/{pid}/ns/net").st_ino)
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    # A container may have shared the machine's namespace.
    sandboxes.discard(os.stat("/proc/self/ns/net").st_ino)
    _unmount_sandboxes(sandboxes)
    for folder in folders:
        _unmount_below(Path(folder))
    _remove_cgroups(lab_id)
    for state in RUNC.glob("*/state.json"):
        with contextlib.suppress(OSError):
            if f"{cgroup_of(lab_id)}/" in state.read_text(encoding="utf-8"):
                shutil.rmtree(state.parent)


def _processes(lab_id: str) -> list[int]:
    found, mark = [], re.compile(rf"{re.escape(cgroup_of(lab_id))}(/|$)", re.MULTILINE)
    for path in Path("/proc").glob("[0-9]*/cgroup"):
        with contextlib.suppress(OSError):
            if mark.search(path.read_text(encoding="utf-8")) and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
    return found


def _unmount_sandboxes(inodes) -> None:
    for path in FOLDER.iterdir() if inodes and FOLDER.is_dir() else ():
        with contextlib.suppress(OSError):
            if path.stat().st_ino in inodes and not path.name.startswith("arpl-"):
                sh.run("umount", path, check=False)
                path.unlink()


def _mounts(kind=None) -> list[Path]:
    text = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape")
    fields = [line.split() for line in text.split("\n") if line]
    return [Path(ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), one[1]))
            for one in fields if kind is None or one[2] in kind]


def _unmount_below(folder: Path) -> None:
    for path in reversed(_mounts()):
        if folder in (path, *path.parents):
            sh.run("umount", "--lazy", path, check=False)


def _remove_cgroups(lab_id: str) -> None:
    for root in _mounts(("cgroup", "cgroup2")):
        top = root / cgroup_of(lab_id)[1:]
        for folder, _, _ in os.walk(top, topdown=False) if top.is_dir() else ():
            with contextlib.suppress(OSError):
                os.rmdir(folder)
