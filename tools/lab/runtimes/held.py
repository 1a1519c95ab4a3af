# SPDX-License-Identifier: Apache-2.0
"""A nameless network namespace that exists as long as one process."""
import os
import subprocess
import time

from .. import sh
from . import base


class Held:
    def __init__(self, lab):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sleep", str(base.LIFE_SECONDS)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        lab.closing(self)
        self.path = f"/proc/{self.process.pid}/ns/net"
        end, ours = time.monotonic() + 5, os.stat("/proc/self/ns/net").st_ino
        while os.stat(self.path).st_ino == ours:
            if time.monotonic() > end:
                raise sh.CommandError("unshare --net made no namespace within 5 s")
            time.sleep(0.01)

    @property
    def pid(self) -> int:
        return self.process.pid

    def ip(self, *argv) -> subprocess.CompletedProcess:
        return sh.run("nsenter", f"--net={self.path}", "ip", *argv)

    def close(self) -> None:
        """Ends the process and with it the namespace."""
        self.process.kill()
        self.process.wait()
