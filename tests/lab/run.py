#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
tests/lab/run.py [--list] [PYTEST OPTION…] [PATTERN…]: runs the lab tests with pytest. PATTERN is a part of a test's
name or file (answers, answers.ping, withdrawal). Of pytest's options those with a value are written --OPTION=VALUE;
the lab's own: --jobs N at once, 0 to stay in this process (--pdb does).
"""
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WITH_A_VALUE = ("--jobs", "--junitxml", "--maxfail", "-k", "-m")


def main() -> int:
    if {"-h", "--help"} & set(sys.argv):
        print(__doc__.strip())
        return 0
    options, patterns, words = [], [], iter(sys.argv[1:])
    for word in words:
        if word in WITH_A_VALUE:
            options.append(f"{word}={next(words, '')}" if word.startswith("--") else word + next(words, ""))
        elif word == "--list":
            options += ["--collect-only", "-v"]
        else:
            (options if word.startswith("-") else patterns).append(word)
    if os.geteuid() != 0 and "--collect-only" not in options:
        print("tests/lab/run.py: network namespaces need root", file=sys.stderr)
        return 1
    chosen = ["-k", " or ".join(patterns)] if patterns else []
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *options, *chosen, str(HERE)])


if __name__ == "__main__":
    sys.exit(main())
