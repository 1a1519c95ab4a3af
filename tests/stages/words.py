# SPDX-License-Identifier: Apache-2.0
"""
The rules for comments that a program can check: no banned word, no comment that begins with a question word (the
subject goes first), no comment line beyond the column limit, and a comment on each class of an engine header.
"""
import ast
import io
import re
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

from .results import ROOT, Run, execute

COLUMNS = {".c": 112, ".h": 112, ".cpp": 112, ".hpp": 112, ".py": 120}

BANNED = re.compile(r"\blikewise\b", re.IGNORECASE)
QUESTION_WORD = re.compile(r"(?:What|Who|Whose|Whom|Whoever|Whatever)\b")
# Raw strings, strings, characters (no digit separators), comments.
CPP_TOKEN = re.compile(r"""R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"""
                       r"|//[^\n]*|/\*(?:.|\n)*?\*/")
CPP_MARKS = re.compile(r"^(?://+<?|/\*+<?|\*/?)\s?", re.MULTILINE)
PUBLIC_CLASS = re.compile(r"^(?:template <.*>\n(?:requires .*\n)?)?class \w+(?: final)?(?: : .*)? \{$", re.MULTILINE)


class Comment(NamedTuple):
    """Adjacent comment lines of the same column are one comment."""
    line: int
    column: int
    text: str


def joined(comments: Iterator[Comment]) -> list[Comment]:
    found: list[Comment] = []
    for one in comments:
        last = found[-1] if found else None
        if last and last.column == one.column and last.line + last.text.count("\n") + 1 == one.line:
            found[-1] = last._replace(text=f"{last.text}\n{one.text}")
        else:
            found.append(one)
    return found


def cpp_comments(text: str) -> Iterator[Comment]:
    for token in CPP_TOKEN.finditer(text):
        if token[0].startswith(("//", "/*")):
            start = token.start()
            yield Comment(text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start) - 1,
                          CPP_MARKS.sub("", token[0]))


def python_comments(text: str) -> Iterator[Comment]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield Comment(*token.start, token.string.lstrip("#!").lstrip())


def docstrings(text: str) -> Iterator[Comment]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            first = node.body[0]
            yield Comment(first.lineno, first.col_offset, first.value.value)


def comments_in(path: str, text: str) -> list[Comment]:
    if path.endswith(".py"):
        return joined(python_comments(text)) + list(docstrings(text))
    return joined(cpp_comments(text))


def undocumented_classes(text: str) -> Iterator[tuple[int, str]]:
    lines = text.split("\n")
    for match in PUBLIC_CLASS.finditer(text):
        line = text.count("\n", 0, match.start())
        if not lines[line - 1].startswith("///"):
            yield line + 1, f"no comment on `{match[0].splitlines()[-1]}`"


def violations(path: str, text: str) -> list[tuple[int, str]]:
    """Returns (line, problem) pairs, sorted."""
    found = []
    limit = COLUMNS[path[path.rindex("."):]]
    lines = text.split("\n")
    for line, _, comment in comments_in(path, text):
        if QUESTION_WORD.match(comment.lstrip()):
            found.append((line, f"the comment begins with \"{comment.split()[0]}\""))
        for number, shown in enumerate(comment.split("\n"), line):
            if banned := BANNED.search(shown):
                found.append((number, f"\"{banned[0]}\": repeat the noun instead"))
            if len(lines[number - 1]) > limit:
                found.append((number, f"comment line of {len(lines[number - 1])} columns, the limit is {limit}"))
    if path.startswith("engine/") and path.endswith(".hpp"):
        found += undocumented_classes(text)
    return sorted(set(found))


def held_files() -> list[str]:
    code, listed = execute(["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"],
                           30)
    if code != 0:
        raise RuntimeError(f"git ls-files: {listed.strip()}")
    return sorted(path for path in listed.splitlines() if path.endswith(tuple(COLUMNS)) and (ROOT / path).is_file())


def words(run: Run) -> None:
    for path in held_files():
        if not run.wanted(f"words {path}"):
            continue
        found = violations(path, (ROOT / path).read_text(encoding="utf-8"))
        if found:
            run.failed(f"words {path}", "\n".join(f"{path}:{line}: {problem}" for line, problem in found))
        else:
            run.passed()
