# SPDX-License-Identifier: Apache-2.0
"""How the source looks: clang-format, the include table, and clang-tidy: of all with --all, in CI of a part by turns."""
import json
import os
import zlib
from concurrent.futures import ThreadPoolExecutor

from .results import BUILD, ROOT, Run, execute

FORMATTED = (".c", ".h", ".cpp", ".hpp")
TIDY_TIMEOUT_SECONDS = 300
TURNS = 24


def our_files() -> list[str]:
    # The clone may be another user's than root's.
    code, listed = execute(["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others",
                            "--exclude-standard"], 30)
    if code != 0:
        raise RuntimeError(f"git ls-files: {listed.strip()}")
    return sorted(path for path in listed.splitlines() if path.endswith(FORMATTED) and (ROOT / path).exists())


def style(run: Run) -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda path: clang_format(run, path), our_files()))
    run.check("includes", ["tests/includes.py"])
    run.check("docs/verdicts.md and docs/counters.md", ["tools/counters", "--check"])
    run.check("ABI version", ["tools/abi", "--check"])


def clang_format(run: Run, path: str) -> None:
    if not run.wanted(f"clang-format {path}"):
        return
    code, text = execute(["clang-format", "--dry-run", "-Werror", path], 60)
    if code == 0:
        run.passed()
    else:
        lines = text.count("[-Wclang-format-violations]")
        run.failed(f"clang-format {path}", f"{lines} places; clang-format -i {path}" if lines else text)


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
    """A part of them, another one with each commit."""
    code, count = execute(["git", "-c", "safe.directory=*", "rev-list", "--count", "HEAD"], 30)
    commit = int(count) if code == 0 else 0
    return [path for path in sources if (zlib.crc32(path.encode()) + commit) % TURNS == 0]


def our_sources() -> list[str]:
    """The C++ files that the build compiles and that lie in the tree."""
    commands = json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))
    files = {os.path.normpath(os.path.join(entry["directory"], entry["file"])) for entry in commands}
    ours = {os.path.relpath(path, ROOT) for path in files if path.endswith(".cpp")}
    return sorted(path for path in ours if not path.startswith(("..", "build")))
