# SPDX-License-Identifier: Apache-2.0
"""The real container runtimes, each in a host of a lab. Their state is in the lab's folder and is removed with it."""
from .base import Container, Unavailable
from .cni import Cni
from .docker import Docker
from .held import Held
from .keepalived import Keepalived
from .podman import Podman

__all__ = ["Cni", "Container", "Docker", "Held", "Keepalived", "Podman", "Unavailable"]
