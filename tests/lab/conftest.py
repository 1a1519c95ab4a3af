# SPDX-License-Identifier: Apache-2.0
"""Configures pytest for the lab: its options, the form of test names, and the fixtures."""
import functools
import re
from pathlib import Path

import pytest
from lab import Lab, scenes, wired
from stages import junit

for helper in ("attacks", "common", "containers", "doctor", "metrics", "steered", "switched", "trunk"):
    pytest.register_assert_rewrite(helper)

import attacks  # noqa: E402
import common  # noqa: E402
import guest  # noqa: E402
import processes  # noqa: E402
import steered  # noqa: E402
import switched  # noqa: E402
import trunk  # noqa: E402

WORDS = {"passed": "ok  ", "failed": "FAIL", "skipped": "SKIP"}
WRONG_NAME = re.compile(r"^test_(a|an|the)_|_s(_|$)")  # docs/CONTRIBUTING.md


@pytest.fixture
def lab():
    with Lab() as made:
        yield made


def in_the_lab(make):
    """A fixture with the function's name, which calls make() in the test's own lab."""
    return pytest.fixture(lambda lab: functools.partial(make, lab), name=make.__name__)


# pytest collects fixtures from this module's names. The suffix avoids the names of imported modules, such as trunk.
globals().update({f"{make.__name__}_in_the_lab": in_the_lab(make) for make in (
    attacks.attacked, scenes.receiving, common.serve, common.serve_fast, steered.serve_steered, steered.steered,
    switched.switched, trunk.trunk, wired)})


def pytest_addoption(parser):
    parser.addoption("--jobs", type=int, default=4, help="lab tests at once; 0: all in this process, as for --pdb")


def pytest_configure(config):
    if config.option.jobs and not config.option.usepdb:
        config.pluginmanager.register(processes.RunLoop(config.option.jobs))
    config.pluginmanager.register(Results(config))


def pytest_itemcollected(item):
    if WRONG_NAME.search(item.originalname):
        raise pytest.UsageError(f"{item.nodeid}: docs/CONTRIBUTING.md says how tests are named")
    item.lab_name = junit.name_of(item.module.__name__, item.name)
    item.extra_keyword_matches.add(item.lab_name)


def pytest_runtest_setup(item):
    if what := guest.lacking(item):
        pytest.skip(f"it needs {what[0]}, which this kernel lacks: without --jobs 0 it runs in a virtual machine")


def pytest_report_teststatus():
    return "", "", ""  # printed by Results instead


class Results:
    """Prints one line for each test that has ended, and the reason or output that belongs to it."""

    def __init__(self, config):
        self.config, self.reports, self.count = config, {}, dict.fromkeys(WORDS, 0)

    def pytest_runtest_logreport(self, report):
        self.reports.setdefault(report.nodeid, []).append(report)

    def pytest_runtest_logfinish(self, nodeid, location):
        reports = self.reports.pop(nodeid)
        outcomes = {one.outcome for one in reports}
        outcome = next(one for one in ("failed", "skipped", "passed") if one in outcomes)
        self.count[outcome] += 1
        name = junit.name_of(Path(location[0]).stem, location[2])
        self.say(f"{WORDS[outcome]} {name} ({sum(one.duration for one in reports):.1f} s)")
        for text in self.texts(reports, outcome):
            self.say("     " + text.strip().replace("\n", "\n     "))

    @staticmethod
    def texts(reports, outcome):
        for one in reports:
            if one.skipped:
                yield one.longrepr[2].removeprefix("Skipped: ")
            elif one.longrepr:
                yield one.longreprtext
        if outcome == "failed" or processes.KEEP:
            yield from (text for title, text in reports[-1].sections if text.strip())

    def say(self, text):
        self.config.pluginmanager.getplugin("terminalreporter").write_line(text)

    def pytest_unconfigure(self):
        if not self.config.option.collectonly:
            self.say(", ".join(f"{number} {word}" for word, number in self.count.items()))
