# SPDX-License-Identifier: Apache-2.0
"""
Changes of the code that a test below the lab has to notice: tests/mutants/*.toml, one file a folder of the code. Each
is applied to a copy of the tree, the tests that its file names are built there and run, and one of them has to fail.
"""
import random
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .results import ROOT, Run, execute

LISTS = ROOT / "tests" / "mutants"
BUILD_SECONDS, TEST_SECONDS = 1200, 300
OPTIONS = ("-Dtests=true", "-Dbench=false", "-Ddpdk=disabled", "-Doptimization=0")


@dataclass(frozen=True)
class Mutant:
    """One place of the code, and what is written there instead."""
    tests: tuple[str, ...]  # the programs that notice it, as ninja calls them
    file: str
    was: str
    became: str

    def __str__(self) -> str:
        line = (ROOT / self.file).read_text(encoding="utf-8").partition(self.was)[0].count("\n") + 1
        return f"{self.file}:{line}: {' '.join(self.was.split())} -> {' '.join(self.became.split()) or '(nothing)'}"

    def applied(self, text: str) -> str:
        """The file's text with the change; ValueError where the place is not there, or not the only one."""
        if text.count(self.was) != 1:
            raise ValueError(f"{self.file}: {self.was!r} is there {text.count(self.was)} times, not once")
        return text.replace(self.was, self.became)


def listed() -> list[Mutant]:
    mutants = []
    for path in sorted(LISTS.glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        mutants += [Mutant(tuple(one.get("tests", document["tests"])), one["file"], one["was"], one["became"])
                    for one in document["mutant"]]
    return mutants


def check_lists(run: Run) -> None:
    """Each change still has its place: code that changes takes its mutants along."""
    for mutant in listed():
        name = f"mutant {mutant.file}: {mutant.was}"
        if not run.wanted(name):
            continue
        try:
            mutant.applied((ROOT / mutant.file).read_text(encoding="utf-8"))
            run.passed()
        except (OSError, ValueError) as error:
            run.failed(name, str(error))


def copy_of_tree(folder: Path) -> None:
    """The files that git has or would take."""
    code, listing = execute(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"], 30)
    if code != 0:
        raise RuntimeError(f"git ls-files: {listing.strip()}")
    for path in listing.splitlines():
        if (ROOT / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, folder / path)


def noticed(folder: Path, tests) -> str | None:
    """By whom; None: by nobody. A change that does not compile is noticed, too."""
    code, text = execute(["ninja", "-C", "build", *tests], BUILD_SECONDS, cwd=folder)
    if code != 0:
        return "the compiler" if "error" in text else "the build"
    for test in tests:
        program = folder / "build" / test
        # A test that hangs has noticed the change: the time limit ends it.
        code, _ = execute([program, "--gtest_brief=1", "--gtest_fail_fast"], TEST_SECONDS, cwd=folder)
        if code != 0:
            return program.name
    return None


def prepared(run: Run, folder: Path, tests) -> bool:
    """The unchanged tree is built in `folder`, and its tests pass."""
    copy_of_tree(folder)
    code, text = execute(["meson", "setup", "build", *OPTIONS], 300, cwd=folder)
    if code == 0:
        code, text = execute(["ninja", "-C", "build", *tests], BUILD_SECONDS, cwd=folder)
    if code == 0 and (by := noticed(folder, tests)):
        code, text = 1, f"{by} fails on it"
    if code != 0:
        run.failed("mutants: the unchanged tree", text[-6000:])
    return code == 0


def try_one(run: Run, folder: Path, mutant: Mutant) -> None:
    path = folder / mutant.file
    text = path.read_text(encoding="utf-8")
    path.write_text(mutant.applied(text), encoding="utf-8")
    by = noticed(folder, mutant.tests)
    path.write_text(text, encoding="utf-8")
    if by:
        run.passed()
        print(f"noticed by {by}: {mutant}", flush=True)
    else:
        run.failed(f"mutant {mutant}", "no test notices it")


def main(number: int, pattern: str | None) -> int:
    """`number` of them, drawn at random; as many as there are, or 0: all. Returns the exit code."""
    run = Run(pattern)
    chosen = [one for one in listed() if run.wanted(str(one))]
    if 0 < number < len(chosen):
        chosen = random.sample(chosen, number)
    folder = Path(run.scratch.name) / "tree"
    if prepared(run, folder, sorted({test for one in chosen for test in one.tests})):
        for one in chosen:
            try_one(run, folder, one)
        print(f"{run.count['passed']} of {len(chosen)} noticed, {100 * run.count['passed'] // max(1, len(chosen))} %")
    print(run.summary())
    return 1 if run.count["failed"] or not run.count["passed"] else 0
