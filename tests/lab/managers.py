# SPDX-License-Identifier: Apache-2.0
"""Runs real managers of interfaces in a namespace of the lab, without their service units."""
import shutil
from pathlib import Path

import pytest

NETWORKD = "/lib/systemd/systemd-networkd"
# They get a mount namespace of their own, so that no file of the machine changes. A read-only /sys tells both managers
# that there is no udev to wait for.
PRIVATE = "mount -t sysfs -o ro sysfs /sys && for d in {folders}; do mkdir -p $d; mount -t tmpfs tmpfs $d; done"


def needs(*programs):
    for program in programs:
        if not shutil.which(program) and not Path(program).exists():
            pytest.skip(f"{program} is not installed: tools/deps runtimes")


def start(lab, ns, name, folders, script):
    """Starts a manager in that namespace. Returns its process and the file with its output."""
    log = lab.folder / f"{name}.log"
    with open(log, "wb") as out:
        process = ns.spawn("unshare", "-m", "--propagation", "private", "sh", "-ec",
                           f"{PRIVATE.format(folders=folders)}\n{script}", stdout=out, stderr=out)
    return process, log


def networkd(lab, ns, interface, *settings):
    needs(NETWORKD)
    lines = "\\n".join(["[Match]", f"Name={interface}", "[Network]", "LinkLocalAddressing=no", *settings])
    return start(lab, ns, "networkd", "/run/systemd /etc/systemd/network", f"""
chmod 755 /run/systemd /etc/systemd/network
printf '{lines}\\n' > /etc/systemd/network/10-lab.network
exec {NETWORKD}""")
