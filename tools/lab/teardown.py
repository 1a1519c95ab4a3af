# SPDX-License-Identifier: Apache-2.0
"""Removes labs, which it finds by the names of their namespaces; mounts the file system for pins."""
import contextlib
import os
import re
import shutil
import signal
import tempfile
import time
from pathlib import Path

from . import leftovers, sh
from .netns import FOLDER

PREFIX = "arpl-"
PLAIN = re.compile(r"[\w.-]+", re.ASCII)
NAME = re.compile(rf"{PREFIX}([0-9a-f]+)-([0-9a-f]{{6}})-")
BPFFS = Path("/sys/fs/bpf")
PINS = BPFFS / "arpline"
RUN = Path("/run/arpline")
LOOK_IN_SECONDS = 0.05


def mount_bpffs() -> None:
    if not os.path.ismount(BPFFS):
        sh.run("mount", "-t", "bpf", "bpf", BPFFS)


def namespaces_of(lab_id: str) -> dict[str, int]:
    """The names and inodes of a lab's namespaces."""
    found = {}
    for path in FOLDER.glob(f"{PREFIX}{lab_id}-*") if FOLDER.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):
            found[path.name] = path.stat().st_ino
    return found


def processes_in(inodes) -> list[int]:
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{entry}/ns/net").st_ino in inodes and not _zombie(entry):
                    found.append(int(entry))
    return found


def _zombie(pid: str) -> bool:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] == "Z"


def staying_in(inodes) -> list[int]:
    """The processes that stay there. Another lab's doctor enters every namespace of the machine for a moment only."""
    found = set(processes_in(inodes))
    if found:
        time.sleep(LOOK_IN_SECONDS)
        found &= set(processes_in(inodes))
    return sorted(found)


def end_processes(inodes, patience_seconds=5.0) -> None:
    """SIGTERM, then SIGKILL after patience_seconds. Stopped processes get SIGCONT, to be able to handle SIGTERM."""
    for number, seconds in ((signal.SIGTERM, patience_seconds), (signal.SIGKILL, patience_seconds)):
        for pid in staying_in(inodes):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
                os.kill(pid, number)
        end = time.monotonic() + seconds
        while processes_in(inodes):
            if time.monotonic() > end:
                break
            time.sleep(0.02)
        else:
            return


def detach(name: str, inode: int) -> None:
    """Removes the programs and pins that a killed daemon has left."""
    for folder in list(PINS.glob(f"*-{inode}")) if PINS.is_dir() else ():
        parent = folder.name.split("@")[0]
        if os.path.exists(sh.arpline()):
            sh.run("nsenter", f"--net={FOLDER / name}", sh.arpline(), "detach", parent, check=False)
        if folder.is_dir():  # `arpline detach` has failed; a pin is a file
            for pin in folder.iterdir():
                pin.unlink()
            folder.rmdir()
    for folder in list(RUN.glob(f"*-{inode}")) if RUN.is_dir() else ():
        shutil.rmtree(folder, ignore_errors=True)


def remove(lab_id: str) -> int:
    """Returns the number of removed namespaces."""
    namespaces = namespaces_of(lab_id)
    end_processes(set(namespaces.values()))
    folders = list(Path(tempfile.gettempdir()).glob(f"{PREFIX}{lab_id}-*"))
    leftovers.remove(lab_id, folders)
    for name, inode in namespaces.items():
        detach(name, inode)
    # One process for all, since there may be a thousand. Few names can't be written in a batch.
    plain = [name for name in namespaces if PLAIN.fullmatch(name)]
    sh.run("ip", "-force", "-batch", "-", stdin="".join(f"netns del {name}\n" for name in plain), check=False,
           timeout=300)
    for name in namespaces.keys() - set(plain):
        sh.run("ip", "netns", "del", name, check=False)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return len(namespaces)


def stale_labs() -> set[str]:
    """Labs whose maker has ended."""
    names = (NAME.match(path.name) for path in (FOLDER.iterdir() if FOLDER.is_dir() else ()))
    return {f"{name[1]}-{name[2]}" for name in names if name and not _alive(int(name[1], 16))}


def _alive(pid: int) -> bool:
    try:
        return not _zombie(str(pid))
    except FileNotFoundError:
        return False
