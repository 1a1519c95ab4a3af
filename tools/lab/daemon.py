# SPDX-License-Identifier: Apache-2.0
"""arplined in a host of the lab."""
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from . import sh, teardown


def to_toml(config: dict) -> str:
    """The part of TOML that this project's configuration needs: scalars, lists, tables."""
    def value(item):
        return json.dumps(item)  # TOML and JSON write these alike

    lines = [f"{key} = {value(item)}" for key, item in config.items() if not isinstance(item, dict)]
    for name, table in config.items():
        if not isinstance(table, dict):
            continue
        scalars = [f"{key} = {value(item)}" for key, item in table.items() if not isinstance(item, dict)]
        lines += [f"[{name}]", *scalars] if scalars else []
        for inner, inner_table in table.items():
            if isinstance(inner_table, dict):
                lines += [f"[{name}.{inner}]", *(f"{key} = {value(item)}" for key, item in inner_table.items())]
    return "\n".join(lines) + "\n"


def read_status(host):
    done = host.ns.run(sh.arpline(), "status", "--json", "--parent", host.nic, check=False)
    try:
        parents = json.loads(done.stdout)["parents"]
    except (json.JSONDecodeError, KeyError, TypeError):
        return None
    return next((parent for parent in parents if parent["parent"] == host.nic), None)


def program_for(config) -> str:
    """arplined-dpdk when `config` is a dict and one of its parents has a `port`, else arplined."""
    parents = config.get("parent", {}) if isinstance(config, dict) else {}
    return sh.arplined_dpdk() if any("port" in one for one in parents.values()) else sh.arplined()


class Arplined:
    """A running daemon. The lab ends it at teardown at the latest."""

    def __init__(self, host, config=None, args=(), environment=None):
        self.host = host
        number = len(host.lab.daemons)
        self.log_path = host.lab.folder / f"arplined-{host.label}-{number}.log"
        argv = [program_for(config), "--parent", host.nic]
        if config is not None:
            path = host.lab.folder / f"arplined-{host.label}-{number}.toml"
            path.write_text(config if isinstance(config, str) else to_toml(config), encoding="utf-8")
            argv += ["--config", str(path)]
        self.argv = [*argv, *args]
        if not Path(argv[0]).exists():
            raise sh.CommandError(f"{argv[0]} is not built")
        with open(self.log_path, "wb") as log:
            self.process = host.ns.spawn(*self.argv, stdout=log, stderr=subprocess.STDOUT,
                                         env={**os.environ, **(environment or {})})
        host.lab.daemons.append(self)

    @property
    def pid(self) -> int:
        return self.process.pid  # setpriv and nsenter exec, so the pid is arplined's

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def running(self) -> bool:
        return self.process.poll() is None

    def wait_serving(self, seconds=10.0) -> dict:
        end = time.monotonic() + seconds * sh.PATIENCE
        while time.monotonic() < end:
            if not self.running():
                raise sh.CommandError(f"arplined ended with exit code {self.process.returncode}: {self.log.strip()}")
            # Asking costs CPU time that the start needs too, so wait for the socket first.
            if self._has_socket() and (status := read_status(self.host)):
                if status["daemon"] and status["lease"] == "live":
                    return status
            time.sleep(0.02)
        raise sh.CommandError(f"arplined does not serve after {seconds} s: {self.log.strip()}")

    def _has_socket(self) -> bool:
        return any(teardown.RUN.glob(f"*-{self.host.ns.inode}/control.sock"))

    def wait_exit(self, seconds=10.0) -> int:
        return self.process.wait(timeout=seconds * sh.PATIENCE)

    def stop(self, seconds=10.0) -> int:
        """Stops it as a service manager does; returns the exit code."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
        return self.wait_exit(seconds)

    def kill9(self) -> None:
        if self.running():
            self.process.kill()
        self.wait_exit()

    def sigstop(self) -> None:
        """Returns when every thread has stopped."""
        self.process.send_signal(signal.SIGSTOP)
        tasks = Path(f"/proc/{self.pid}/task")
        end = time.monotonic() + 5
        while any(task.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "T"
                  for task in tasks.glob("*/stat")):
            if time.monotonic() > end:
                raise sh.CommandError("arplined does not stop")
            time.sleep(0.001)

    def sigcont(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def cpu_seconds(self) -> float:
        return sh.cpu_seconds(self.pid)

    def resident_bytes(self) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0
