# SPDX-License-Identifier: Apache-2.0
"""The runner's guarantees for every lab test, checked with tests that fail, hang and leave things behind."""
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from common import wait_until
from lab.netns import FOLDER
from stages import junit

HERE = Path(__file__).resolve().parent
HEAD = """
import os, time
from pathlib import Path
import pytest
from lab import Lab

def made(lab):
    Path({said!r}).write_text(lab.namespace("box").name)
"""


class Inner:
    """A run of the lab's pytest over a file of its own."""

    def __init__(self, folder, body, *options):
        self.said, file = folder / "said", folder / "test_inner.py"
        self.folder = folder
        file.write_text(HEAD.format(said=str(self.said)) + body, encoding="utf-8")
        paths = os.pathsep.join(str(path) for path in (HERE, HERE.parents[1] / "tools", HERE.parent))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", f"--rootdir={HERE}", "-c", HERE / "pytest.ini", "-p", "conftest", "-p",
             "no:cacheprovider", *options, file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": paths, "ARPLINE_LAB_KEEP": ""},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # a test's process ignores SIGINT

    def junit_text(self) -> str:
        return (self.folder / "inner.xml").read_text(encoding="utf-8")

    def output(self) -> str:
        return self.process.communicate(timeout=60)[0]

    def namespace(self) -> Path:
        """The namespace that made() has created."""
        wait_until(self.said.exists, 20, "the test has its namespace")
        return FOLDER / wait_until(self.said.read_text, 5, "it is named")


@pytest.fixture
def inner():
    started = []
    with tempfile.TemporaryDirectory(prefix="arpline-inner-") as folder:
        def start(body, *options):
            started.append(Inner(Path(folder), body, *options))
            return started[-1]
        yield start
        for one in started:
            one.process.kill()
            one.process.wait()


def test_each_result_is_counted_and_said_with_its_reason(inner):
    said = inner("""
def test_passes(lab):
    print("not to be seen")

def test_fails(lab):
    print("what it has said")
    assert 1 + 1 == 3

def test_skips(lab):
    pytest.skip("there is no such thing here")

@pytest.mark.parametrize("number", (1, 2))
def test_takes(number):
    assert number
""").output()
    assert "ok   inner.passes" in said and "FAIL inner.fails" in said and "SKIP inner.skips" in said, said
    assert "inner.takes[2]" in said and "assert (1 + 1) == 3" in said and "what it has said" in said, said
    assert "there is no such thing here" in said and "not to be seen" not in said, said
    assert said.splitlines()[-1] == "3 passed, 1 failed, 1 skipped", said


def test_junit_file_has_each_result_once_and_a_failure_wins(inner):
    one = inner("""
@pytest.fixture
def broken_teardown():
    yield
    assert 0

def test_passes():
    pass

def test_fails():
    assert 0

def test_fails_in_its_teardown(broken_teardown):
    pass

def test_skips():
    pytest.skip("so")
""", "--junitxml=inner.xml")
    said = one.output()
    outcomes = {name.partition(".")[2]: outcome for name, (outcome, _, _) in junit.results(one.junit_text()).items()}
    assert outcomes == {"passes": "passed", "fails": "failed", "fails_in_its_teardown": "failed",
                        "skips": "skipped"}, said


def test_namespace_that_a_test_leaves_is_removed_and_a_failure(inner):
    run = inner("""
def test_forgets():
    made(Lab().__enter__())
""")
    said = run.output()
    assert "FAIL inner.forgets" in said and "left namespaces behind" in said, said
    assert not run.namespace().exists()


def test_process_that_dies_under_a_test_is_a_failure_and_its_lab_goes(inner):
    run = inner("""
def test_dies(lab):
    made(lab)
    os.kill(os.getpid(), 9)
""")
    said = run.output()
    assert "FAIL inner.dies" in said and "ended without a result: -9" in said, said
    assert not run.namespace().exists()


def test_test_that_takes_too_long_is_ended_with_its_lab_and_says_where_it_was(inner):
    run = inner("""
@pytest.mark.timeout(0.5)
def test_hangs(lab):
    made(lab)
    time.sleep(600)
""")
    said = run.output()
    assert "FAIL inner.hangs" in said and "still running after" in said and "time.sleep(600)" in said, said
    assert not run.namespace().exists()


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT, signal.SIGKILL), ids=lambda number: number.name)
def test_lab_goes_however_the_run_is_ended(inner, number):
    run = inner("""
def test_hangs(lab):
    made(lab)
    time.sleep(600)
""")
    namespace = run.namespace()
    assert namespace.exists()
    run.process.send_signal(number)
    assert run.process.wait(30) != 0
    wait_until(lambda: not namespace.exists(), 10, "its lab is gone")


def test_alone_is_alone_and_comes_last(inner):
    said = inner("""
def stamp(what):
    with open(os.path.join(os.path.dirname(__file__), "stamps"), "a") as file:
        file.write(what)

@pytest.mark.alone
@pytest.mark.parametrize("number", (1, 2))
def test_alone(number):
    stamp("a")
    time.sleep(0.2)
    stamp("A")

@pytest.mark.parametrize("number", (1, 2))
def test_together(number):
    stamp("t")
    time.sleep(1)
    stamp("T")
""", "--jobs=2")
    assert said.output().splitlines()[-1] == "4 passed, 0 failed, 0 skipped"
    assert (said.said.parent / "stamps").read_text(encoding="ascii") == "ttTTaAaA"


def test_first_failure_ends_the_run_where_that_is_asked_for(inner):
    run = inner("""
def test_fails():
    assert False

def test_hangs(lab):
    made(lab)
    time.sleep(600)
""", "-x", "--jobs=2")
    started = time.monotonic()
    assert run.output().splitlines()[-1] == "0 passed, 1 failed, 0 skipped"
    assert time.monotonic() - started < 30
    assert not run.said.exists() or not run.namespace().exists()
