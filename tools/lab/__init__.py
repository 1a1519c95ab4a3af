# SPDX-License-Identifier: Apache-2.0
"""The one lab library: throw-away network namespaces for the demo, the tests and the benchmarks."""
from . import frames, teardown
from .crowd import Box, Crowd
from .daemon import Arplined
from .lab import Lab, wired
from .machine import Machine
from .sh import PATIENCE, ROOT, CommandError, arpgen, arpline, arplined, build_dir, run
from .topology import Child, Host, Peer, Pings, Switch, parse_ping
from .wire import Wire, exchange

__all__ = ["Arplined", "Box", "Child", "CommandError", "Crowd", "Host", "Lab", "Machine", "PATIENCE", "Peer", "Pings",
           "ROOT", "Switch",
           "Wire", "arpgen", "arpline", "arplined", "build_dir", "exchange", "frames", "parse_ping", "run", "teardown",
           "wired"]
