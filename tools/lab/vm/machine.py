# SPDX-License-Identifier: Apache-2.0
"""QEMU and the file server, in a namespace of a lab, which ends them."""
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import initrd
from .kernel import Kernel, Unavailable

QEMU = "qemu-system-x86_64"
VIRTIOFSD = "/usr/lib/qemu/virtiofsd"
CPU = "Nehalem"  # without vector instructions, which are slow to emulate
MEMORY = "1024M"
QUEUES = 2  # queues of each network card, and as many processors
NIC_MACS = ("02:a7:ff:00:00:01", "02:a7:ff:00:00:02")  # two cards on a switch without other ports
REPORT_DEVICE = "/dev/ttyS1"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Outcome:
    finished: bool  # within the limit
    report: str     # what the command wrote to REPORT_DEVICE
    console: str    # the output of the kernel and of the command


def boot(lab, kernel: Kernel, argv, environment: dict, limit_seconds: float) -> Outcome:
    """Runs one command in a virtual machine; {REPORT} in its words stands for the report file. Raises Unavailable."""
    namespace = lab.namespace("vm")
    taps = make_taps(namespace)
    report, console = lab.folder / "report", lab.folder / "console"
    argv = [REPORT_DEVICE if word == "{REPORT}" else word for word in argv]
    initrd.write(lab.folder / "initrd.cpio", kernel, argv, {"PATH": PATH, "HOME": "/root", **environment})
    files = serve_files(lab, namespace)
    with open(console, "wb") as output:
        qemu = namespace.spawn(QEMU, *machine(kernel, lab.folder), *cards(taps), "-serial", "stdio", "-serial",
                               f"file:{report}", stdout=output, stderr=subprocess.STDOUT)
        finished = wait(qemu, limit_seconds)
    for process in (qemu, files):
        process.kill()
        process.wait()
    return Outcome(finished, text(report), text(console))


def wait(process: subprocess.Popen, seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def make_taps(namespace) -> list[str]:
    taps = [f"tap{number}" for number in range(len(NIC_MACS))]
    lines = ["link add br0 type bridge", "link set br0 up"]
    for tap in taps:
        lines += [f"tuntap add dev {tap} mode tap multi_queue vnet_hdr", f"link set {tap} master br0 up"]
    namespace.ip_batch(lines)
    return taps


def serve_files(lab, namespace) -> subprocess.Popen:
    socket, log = lab.folder / "files.sock", lab.folder / "files.log"
    with open(log, "wb") as output:
        server = namespace.spawn(VIRTIOFSD, "-f", "--rlimit-nofile=0", f"--socket-path={socket}", "-o", "source=/",
                                 "-o", "sandbox=chroot", "-o", "cache=always", stdout=output, stderr=subprocess.STDOUT)
    end = time.monotonic() + 10
    while not socket.exists():
        if server.poll() is not None or time.monotonic() > end:
            raise Unavailable(f"{VIRTIOFSD} does not serve: {text(log).strip()}")
        time.sleep(0.02)
    return server


def machine(kernel: Kernel, folder: Path) -> list[str]:
    # Shared memory, because the file server reads and writes the guest's memory.
    return ["-machine", "q35,memory-backend=ram", "-accel", "tcg", "-cpu", CPU, "-smp", str(QUEUES), "-m", MEMORY,
            "-object", f"memory-backend-memfd,id=ram,size={MEMORY},share=on",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", str(kernel.image), "-initrd", str(folder / "initrd.cpio"),
            "-append", "console=ttyS0 quiet loglevel=5 panic=-1 mitigations=off",
            "-chardev", f"socket,id=files,path={folder / 'files.sock'}",
            "-device", "vhost-user-fs-pci,chardev=files,tag=machine"]


def cards(taps: list[str]) -> list[str]:
    words = []
    for tap, mac in zip(taps, NIC_MACS):
        words += ["-netdev", f"tap,id={tap},ifname={tap},queues={QUEUES},script=no,downscript=no",
                  "-device", f"virtio-net-pci,netdev={tap},mac={mac},mq=on,vectors={2 * QUEUES + 2}"]
    return words
