# SPDX-License-Identifier: Apache-2.0
"""Man pages name every option that --help has, and no other; completion offers the words of --help."""
import re
import shutil

from .results import BUILD, ROOT, Run, execute

PAGES = ROOT / "docs" / "man"
PROGRAMS = {"arpline.8": "tools/arpline/arpline", "arplined.8": "engine/arplined", "arpgen.1": "tools/arpgen/arpgen",
            "arpline-exporter.8": "tools/exporter/arpline-exporter"}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
KEY = re.compile(r"`([a-z_]+(?:\.[A-Za-z_]+)*)`")
COMPLETION = ROOT / "tools" / "completion" / "arpline.bash"
BASH = ('source {script}; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _arpline; '
        'printf "%s\\n" "${{COMPREPLY[@]}}"')
# zsh completes at a terminal only, so it gets one, where TAB asks for the words.
ZSH = ('zmodload zsh/zpty; zpty z zsh -f; zpty -w z "PS1= ; fpath=({folder} \\$fpath); autoload -Uz compinit; '
       'compinit -D -u; setopt no_always_last_prompt list_ambiguous; PATH={path}:\\$PATH"; sleep 1; '
       'zpty -w -n z "arpline st\t"; sleep 2; zpty -r -mt z all "*arpline status*" && print -r -- found')


def help_of(program, *command) -> str:
    code, text = execute([program, *command, "--help"], 30)
    if code != 0:
        raise RuntimeError(f"{program}: {text}")
    return text


def commands_of(text: str) -> list[str]:
    return re.findall(r"^  ([a-z][a-z-]*) ", text.partition("\nSubcommands:")[2], re.MULTILINE)


def options_of(program) -> tuple[set[str], list[str]]:
    """All options of the program and of its commands, and these commands."""
    text = help_of(program)
    commands = commands_of(text)
    lines = "\n".join([text, *(help_of(program, command) for command in commands)])
    return {option for line in lines.splitlines() if re.match(r"  -", line)
            for option in OPTION.findall(line.strip().split("  ")[0].split(" ")[0])}, commands


def page_names_every_option(run: Run, page: str, program) -> None:
    name = f"man page {page}"
    if not run.wanted(name):
        return
    options, commands = options_of(program)
    text = (PAGES / f"{page}.scd").read_text(encoding="utf-8")
    said = set(OPTION.findall(text))
    wrong = [f"{option} is not in it" for option in sorted(options - said)]
    wrong += [f"{option} is no option" for option in sorted(said - options)]
    wrong += [f"command {one} is not in it" for one in commands if not re.search(rf"^\*{one}\*", text, re.MULTILINE)]
    run.passed() if not wrong else run.failed(name, "\n".join(wrong))


def page_names_every_key(run: Run) -> None:
    name = "man page arpline.toml.5"
    if not run.wanted(name):
        return
    table = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8").partition("\n| key | default")[2]
    rows = [line.split("|")[1] for line in table.partition("\n\n")[0].splitlines() if line.startswith("| `")]
    keys = {key for row in rows for key in KEY.findall(row)}
    said = set(re.findall(r"\*([a-z_]+(?:\.[A-Za-z_]+)*)\*", (PAGES / "arpline.toml.5.scd").read_text("utf-8")))
    wrong = [f"{key} is not in it" for key in sorted(keys - said)]
    run.passed() if keys and not wrong else run.failed(name, "\n".join(wrong))


def completed(*words: str) -> set[str]:
    path = ":".join(str((BUILD / program).parent) for program in PROGRAMS.values())
    shown = " ".join(f"'{word}'" for word in words)
    _, text = execute(["bash", "-c", f"PATH={path}:$PATH; " + BASH.format(script=COMPLETION, words=shown)], 60)
    return set(text.split())


def completion(run: Run) -> None:
    name = "completion: bash"
    if run.wanted(name):
        commands = set(commands_of(help_of(BUILD / PROGRAMS["arpline.8"])))
        wrong = [str((words, found)) for words, expected in (
            (("arpline", ""), commands), (("arpline", "sta"), {"status"}), (("arpline", "detach", "l"), {"lo"}),
            (("arpline", "status", "--g"), {"--gone"}), (("arplined", "--on-stop", ""), {"detach", "keep"}),
            (("arpgen", "search", "--max"), {"--max-rate"}),
        ) if (found := completed(*words)) != expected]
        run.passed() if not wrong else run.failed(name, "\n".join(wrong))
    name = "completion: zsh"
    if run.wanted(name):
        if not shutil.which("zsh"):
            run.skipped(name, "zsh is not installed: tools/deps")
            return
        folder = run.scratch_file("zsh")
        folder.mkdir(exist_ok=True)
        text = (COMPLETION.parent / "_arpline.in").read_text(encoding="utf-8").replace("@bash@", str(COMPLETION))
        (folder / "_arpline").write_text(text, encoding="utf-8")
        run.check(name, ["zsh", "-f", "-c", ZSH.format(folder=folder, path=(BUILD / PROGRAMS["arpline.8"]).parent)])


def manual(run: Run) -> None:
    for page, program in PROGRAMS.items():
        if (BUILD / program).exists():
            page_names_every_option(run, page, BUILD / program)
        else:
            run.skipped(f"man page {page}", f"{program} is not built")
    page_names_every_key(run)
    completion(run)
