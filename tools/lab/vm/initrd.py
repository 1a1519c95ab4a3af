# SPDX-License-Identifier: Apache-2.0
"""The virtual machine's initial file system: busybox, a few modules and the command to start."""
import shlex
import shutil
from pathlib import Path

from .. import sh
from .kernel import Kernel

HERE = Path(__file__).resolve().parent


def write(target: Path, kernel: Kernel, argv, environment: dict) -> None:
    """argv: the command, which runs in the project's folder with the real machine's root file system."""
    root = target.parent / "initrd"
    for folder in ("bin", "modules", "machine", "memory", "new"):
        (root / folder).mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), root / "bin")
    shutil.copy(HERE / "init", root)
    modules = kernel.first_modules()
    for module in modules:
        shutil.copy(module, root / "modules")
    settings = {"MODULES": kernel.modules, "LOAD": " ".join(module.name for module in modules)}
    (root / "settings").write_text(assignments(settings), encoding="utf-8")
    (root / "start").write_text(start(argv, environment), encoding="utf-8")
    sh.run("sh", "-c", 'cd "$1" && find . | cpio --quiet -o -H newc > "$2"', "sh", root, target)
    shutil.rmtree(root)


def assignments(values: dict) -> str:
    return "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in values.items())


def start(argv, environment: dict) -> str:
    lines = [f"export {line}" for line in assignments(environment).splitlines()]
    lines += ["modprobe virtio_net", f"cd {shlex.quote(str(sh.ROOT))}", shlex.join(str(word) for word in argv)]
    return "\n".join([*lines, "exec busybox reboot -f", ""])
