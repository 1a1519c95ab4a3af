# SPDX-License-Identifier: Apache-2.0
"""The lab tests' results, as pytest writes them with --junitxml."""
from xml.etree import ElementTree

OUTCOMES = {"failure": "failed", "error": "failed", "skipped": "skipped"}


def name_of(module: str, test: str) -> str:
    """As a test is called in what is printed: test_answers.py's test_ping_is_answered is answers.ping_is_answered."""
    return f"{module.rpartition('.')[2].removeprefix('test_')}.{test.removeprefix('test_')}"


def results(text: str) -> dict:
    """(outcome, text, seconds) of each test. Throws ElementTree.ParseError."""
    found = {}
    for case in ElementTree.fromstring(text).iter("testcase"):
        name = name_of(case.get("classname", ""), case.get("name", ""))
        one = ("passed", "", float(case.get("time", 0)))
        for child in case:
            if child.tag in OUTCOMES:
                said = child.get("message", "") if child.tag == "skipped" else child.text or child.get("message", "")
                one = (OUTCOMES[child.tag], said, one[2])
        if name not in found or found[name][0] != "failed":  # a teardown that fails is a case of its own
            found[name] = one
    return found
