# SPDX-License-Identifier: Apache-2.0
"""How the source looks: clang-format, the include table, and clang-tidy: of all with --all, in CI of a twelfth by turns."""
import json
import os
import zlib
from concurrent.futures import ThreadPoolExecutor

from .results import BUILD, ROOT, Run, execute

FORMATTED = (".c", ".h", ".cpp", ".hpp")
TIDY_TIMEOUT_SECONDS = 300
TURNS = 12


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
    run.check("docs/verdicts.md", ["tools/verdicts", "--check"])


def clang_format(run: Run, path: str) -> None:
    if not run.wanted(f"clang-format {path}"):
        return
    code, text = execute(["clang-format", "--dry-run", "-Werror", path], 60)
    if code == 0:
        run.passed()
    else:
        lines = text.count("[-Wclang-format-violations]")
        run.failed(f"clang-format {path}", f"{lines} places; clang-format -i {path}" if lines else text)


def clang_tidy(path: str):
    """As execute(); other stages come first."""
    return execute(["chrt", "--idle", "0", "clang-tidy", "--quiet", "--extra-arg=-Wno-unknown-warning-option", "-p", BUILD,
                    path], TIDY_TIMEOUT_SECONDS)


class TidyBeside:
    """Begins with clang-tidy while other stages leave CPUs idle; tidy() asks for the results."""

    def __init__(self, run: Run, stages: list[str]):
        self.run, self.wanted = run, "tidy" in stages

    def __enter__(self):
        self.pool = ThreadPoolExecutor(1)
        self.run.tidied = {path: self.pool.submit(clang_tidy, path)
                           for path in (chosen(self.run, our_sources()) if self.wanted else [])}

    def __exit__(self, *_):
        self.pool.shutdown(cancel_futures=True)


def chosen(run: Run, sources: list[str]) -> list[str]:
    turn = sources if run.everything else turn_of_this_commit(sources) if run.in_ci else []
    return [path for path in turn if run.wanted(f"clang-tidy {path}")]


def tidy(run: Run) -> None:
    sources = our_sources()
    files = chosen(run, sources)
    if len(files) < len(sources):
        run.skipped("clang-tidy", f"{len(sources) - len(files)} of {len(sources)} files, which take minutes: another "
                                  "commit's turn in CI, and tests/run --all's")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        begun = {path: future for path, future in run.tidied.items() if not future.cancel()}
        results = {path: begun.get(path) or pool.submit(clang_tidy, path) for path in files}
        for path, future in results.items():
            code, text = future.result()
            if code == 0:
                run.passed()
            else:
                run.failed(f"clang-tidy {path}", text[-4000:])


def turn_of_this_commit(sources) -> list[str]:
    """A twelfth of them, another one with each commit."""
    code, count = execute(["git", "-c", "safe.directory=*", "rev-list", "--count", "HEAD"], 30)
    commit = int(count) if code == 0 else 0
    return [path for path in sources if (zlib.crc32(path.encode()) + commit) % TURNS == 0]


def our_sources() -> list[str]:
    """The C++ files that the build compiles and that lie in the tree."""
    commands = json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))
    files = {os.path.normpath(os.path.join(entry["directory"], entry["file"])) for entry in commands}
    ours = {os.path.relpath(path, ROOT) for path in files if path.endswith(".cpp")}
    return sorted(path for path in ours if not path.startswith(("..", "build")))
