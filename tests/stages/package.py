# SPDX-License-Identifier: Apache-2.0
"""Builds the Debian package, which the lab tests install."""
import os

from .results import BUILD, Run, execute

TIMEOUT_SECONDS = 900


def package(run: Run) -> None:
    if not run.wanted("tools/package/build"):
        return
    code, text = execute(["tools/package/build", "--from", BUILD], TIMEOUT_SECONDS)
    if code != 0:
        run.failed("tools/package/build", text[-6000:] or f"stopped after {TIMEOUT_SECONDS} s")
        return
    os.environ["ARPLINE_PACKAGE"] = text.strip().splitlines()[-1]
    run.passed()
