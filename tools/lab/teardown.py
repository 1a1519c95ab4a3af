# SPDX-License-Identifier: Apache-2.0
"""Removes labs, known by their namespaces' names alone; and the file system that pins live in."""
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
    """Names and inodes."""
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
    """Not who only looks in for a moment: another lab's doctor goes through every namespace of the machine."""
    found = set(processes_in(inodes))
    if found:
        time.sleep(LOOK_IN_SECONDS)
        found &= set(processes_in(inodes))
    return sorted(found)


def end_processes(inodes, patience_seconds=5.0) -> None:
    """SIGTERM, time to obey, SIGKILL. A stopped process is woken first, or it could not obey."""
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
    """What a daemon that was killed has left: its programs and pins."""
    for folder in list(PINS.glob(f"*-{inode}")) if PINS.is_dir() else ():
        parent = folder.name.split("@")[0]
        if os.path.exists(sh.arpline()):
            sh.run("nsenter", f"--net={FOLDER / name}", sh.arpline(), "detach", parent, check=False)
        if folder.is_dir():  # it could not: a pin is only a file
            for pin in folder.iterdir():
                pin.unlink()
            folder.rmdir()
    for folder in list(RUN.glob(f"*-{inode}")) if RUN.is_dir() else ():
        shutil.rmtree(folder, ignore_errors=True)


def remove(lab_id: str) -> int:
    """Returns how many namespaces it removed."""
    namespaces = namespaces_of(lab_id)
    end_processes(set(namespaces.values()))
    folders = list(Path(tempfile.gettempdir()).glob(f"{PREFIX}{lab_id}-*"))
    leftovers.remove(lab_id, folders)
    for name, inode in namespaces.items():
        detach(name, inode)
    # One process for all of them: there may be a thousand. Names that a batch can't hold are few.
    plain = [name for name in namespaces if PLAIN.fullmatch(name)]
    sh.run("ip", "-force", "-batch", "-", stdin="".join(f"netns del {name}\n" for name in plain), check=False,
           timeout=300)
    for name in namespaces.keys() - set(plain):
        sh.run("ip", "netns", "del", name, check=False)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return len(namespaces)


def stale_labs() -> set[str]:
    """Labs whose maker is no more."""
    names = (NAME.match(path.name) for path in (FOLDER.iterdir() if FOLDER.is_dir() else ()))
    return {f"{name[1]}-{name[2]}" for name in names if name and not _alive(int(name[1], 16))}


def _alive(pid: int) -> bool:
    try:
        return not _zombie(str(pid))
    except FileNotFoundError:
        return False
