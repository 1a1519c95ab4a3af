# SPDX-License-Identifier: Apache-2.0
"""
tools/demo [--keep] [SCENE…]: builds arpline, shows what goes wrong without it and what happens with it.

--keep leaves the last scene's lab standing and prints what to try in it.
"""
import os
import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parent.parent
PROGRAMS = ("engine", "tools/arpline", "tools/arpgen")  # what the scenes run; the tests take longer to build
sys.path.insert(0, str(TOOLS))

from lab import scenes  # noqa: E402

HEADING = ("", "without arpline", "with arpline", "promised")


def play(scene, keep: bool) -> bool:
    print(f"\n{scene.TITLE}\n{'=' * len(scene.TITLE)}\n{scene.STORY}\n", flush=True)
    outcome = scene.play(keep)
    print(f"\n{scenes.table([HEADING, *outcome.rows])}\n")
    if outcome.hints:
        print("The lab is still there. Try:\n" + "\n".join(f"  {line}" for line in outcome.hints) + "\n")
    if not outcome.kept_its_promise:
        print("arpline did not do what it promises.")
    return outcome.kept_its_promise


def main() -> int:
    words = sys.argv[1:]
    every = {scene.NAME: scene for scene in scenes.load()}
    if {"-h", "--help"} & set(words):
        print(f"{__doc__.strip()}\n\nScenes: {', '.join(every)}")
        return 0
    keep = "--keep" in words
    wanted = [word for word in words if word != "--keep"] or list(every)
    if unknown := [word for word in wanted if word not in every]:
        print(f"tools/demo: no such scene: {', '.join(unknown)}; there are: {', '.join(every)}", file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print("tools/demo: network namespaces need root", file=sys.stderr)
        return 1
    if subprocess.run([str(TOOLS / "build"), "build", "--", *PROGRAMS], check=False).returncode != 0:
        return 1
    results = [play(every[name], keep and name == wanted[-1]) for name in wanted]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
