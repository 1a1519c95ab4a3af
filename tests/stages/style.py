# SPDX-License-Identifier: Apache-2.0
"""How the source looks: clang-format, flake8, the include table; and clang-tidy: all with --all, a part of it in CI."""
import json
import os
import re
import zlib
from concurrent.futures import ThreadPoolExecutor

from . import manual, words
from .mutants import check_lists
from .results import BUILD, ROOT, Run, execute

FORMATTED = (".c", ".h", ".cpp", ".hpp")
TIDY_TIMEOUT_SECONDS = 300
TURNS = 24
OTHER_CASE = re.compile(r"\bTEST(?:_F|_P)?\(\s*\w+,\s*(\w*[A-Z]\w*)\s*\)")


def our_files() -> list[str]:
    """All that git has or would take."""
    # safe.directory, because the clone may belong to another user than root.
    code, listed = execute(["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others",
                            "--exclude-standard"], 30)
    if code != 0:
        raise RuntimeError(f"git ls-files: {listed.strip()}")
    return sorted(path for path in listed.splitlines() if (ROOT / path).is_file())


def is_python(path: str) -> bool:
    if path.endswith(".py"):
        return True
    with open(ROOT / path, "rb") as file:
        return re.match(rb"#!.*python3", file.readline(80)) is not None


def style(run: Run) -> None:
    files = our_files()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda path: clang_format(run, path), [one for one in files if one.endswith(FORMATTED)]))
    run.check("flake8", ["flake8", *filter(is_python, files)])
    test_names(run, [one for one in files if one.startswith("tests/") and one.endswith(".cpp")])
    run.check("lab tests are found and named as docs/CONTRIBUTING.md says", ["tests/lab/run.py", "--list"])
    run.check("includes", ["tests/includes.py"])
    run.check("tables of verdicts, counters and metrics", ["tools/counters", "--check"])
    run.check("ABI version", ["tools/abi", "--check"])
    check_lists(run)
    words.words(run)
    manual.manual(run)


def clang_format(run: Run, path: str) -> None:
    if not run.wanted(f"clang-format {path}"):
        return
    code, text = execute(["clang-format", "--dry-run", "-Werror", path], 60)
    if code == 0:
        run.passed()
    else:
        lines = text.count("[-Wclang-format-violations]")
        run.failed(f"clang-format {path}", f"{lines} places; clang-format -i {path}" if lines else text)


def test_names(run: Run, files) -> None:
    """Google Test's cases are in snake_case, as the packet rows and the lab tests are (docs/CONTRIBUTING.md)."""
    if run.wanted("test names"):
        found = [f"{path}: {case}" for path in files for case in OTHER_CASE.findall((ROOT / path).read_text("utf-8"))]
        run.passed() if not found else run.failed("test names", "\n".join(found))


def tidy(run: Run) -> None:
    sources = our_sources()
    chosen = sources if run.everything else turn_of_this_commit(sources) if run.in_ci else []
    if len(chosen) < len(sources):
        run.skipped("clang-tidy", f"{len(sources) - len(chosen)} of {len(sources)} files, which take minutes: another "
                                  "commit's turn in CI, and tests/run --all's")

    def one(path):
        return path, *execute(["clang-tidy", "--quiet", "--extra-arg=-Wno-unknown-warning-option", "-p", BUILD, path],
                              TIDY_TIMEOUT_SECONDS)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, code, text in pool.map(one, [path for path in chosen if run.wanted(f"clang-tidy {path}")]):
            if code == 0:
                run.passed()
            else:
                run.failed(f"clang-tidy {path}", text[-4000:])


def turn_of_this_commit(sources) -> list[str]:
    """A part of the sources, another one with each commit."""
    code, count = execute(["git", "-c", "safe.directory=*", "rev-list", "--count", "HEAD"], 30)
    commit = int(count) if code == 0 else 0
    return [path for path in sources if (zlib.crc32(path.encode()) + commit) % TURNS == 0]


def our_sources() -> list[str]:
    """The C++ files of the tree that the build compiles."""
    commands = json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))
    files = {os.path.normpath(os.path.join(entry["directory"], entry["file"])) for entry in commands}
    ours = {os.path.relpath(path, ROOT) for path in files if path.endswith(".cpp")}
    return sorted(path for path in ours if not path.startswith(("..", "build")))
