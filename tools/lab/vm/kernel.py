# SPDX-License-Identifier: Apache-2.0
"""The virtual machine's kernel: a package that is unpacked into the build folder and not installed."""
import contextlib
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .. import sh

META_PACKAGE = "linux-image-cloud-amd64"
MACHINE = "x86_64"
DOWNLOAD_SECONDS, UNPACK_SECONDS = 180, 120
# The modules that mount the root file system; the kernel loads the others from there.
FIRST_MODULES = ("virtio_pci", "virtiofs", "overlay")


class Unavailable(RuntimeError):
    """A virtual machine can't run here; the text is the reason."""


@dataclass(frozen=True)
class Kernel:
    image: Path
    modules: Path  # …/lib/modules/VERSION

    def first_modules(self) -> list[Path]:
        """The files of FIRST_MODULES and of the modules that they depend on, in load order."""
        needs = {}
        for line in (self.modules / "modules.dep").read_text(encoding="ascii").splitlines():
            file, _, others = line.partition(":")
            needs[Path(file).stem] = [*reversed(others.split()), file]
        found = [self.modules / file for name in FIRST_MODULES for file in needs[name]]
        return list(dict.fromkeys(found))


def fetch() -> Kernel:
    """Downloads it once per build folder; remove vm/ there to get a newer one. Raises Unavailable."""
    if os.uname().machine != MACHINE:
        raise Unavailable(f"the virtual machine is for {MACHINE}")
    install_packages()
    folder = sh.build_dir() / "vm"
    kernel = unpacked(folder)
    if not kernel:
        download(folder)
        kernel = unpacked(folder)
    if not kernel:
        raise Unavailable(f"{META_PACKAGE} has no kernel with modules")
    return kernel


def install_packages() -> None:
    done = subprocess.run([str(sh.ROOT / "tools" / "deps"), "vm"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"tools/deps vm: {done.stderr.strip()}")


def unpacked(folder: Path) -> Kernel | None:
    for modules in sorted(folder.glob("lib/modules/*")):
        image = folder / "boot" / f"vmlinuz-{modules.name}"
        if image.exists() and (modules / "modules.dep").exists():
            return Kernel(image, modules)
    return None


def download(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="vm-") as scratch:
        try:
            unpack(newest_package(), Path(scratch))
        except (sh.CommandError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"no kernel for the virtual machine: {error}") from error
        with contextlib.suppress(OSError):  # another run has made it meanwhile
            Path(scratch, "kernel").rename(folder)


def newest_package() -> str:
    sh.run("apt-get", "update", timeout=DOWNLOAD_SECONDS)
    found = re.search(r"Depends: (linux-image-\S+)", sh.run("apt-cache", "depends", META_PACKAGE).stdout)
    if not found:
        raise sh.CommandError(f"apt-cache knows no {META_PACKAGE}")
    return found[1]


def unpack(package: str, scratch: Path) -> None:
    sh.run("sh", "-c", 'cd "$1" && apt-get download "$2"', "sh", scratch, package, timeout=DOWNLOAD_SECONDS)
    root = scratch / "kernel"
    sh.run("dpkg-deb", "--extract", next(scratch.glob("*.deb")), root, timeout=UNPACK_SECONDS)
    version = next((root / "lib" / "modules").iterdir()).name
    sh.run("depmod", "-b", root, version)
