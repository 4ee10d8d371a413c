"""Rules added to a file by text: what stood there stays, whatever its form, and what was added is read back."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.playbook.local_file import HEAD, LIST, being_written, read_text, replace_file, rule_yaml, with_rules

FILE = Path("replies.local.yaml")
FORMS = (
    "",
    "\n\n",
    "# a remark alone",
    "provider: gmail",
    "phrases:\n- id: a  # one\n# end\n",
    "phrases:\n    - id: a\n      examples:\n          - b\n\n\n# end\ncodes:\n- id: c\n",
    "codes:\n- id: c\nphrases:\n  - {id: a, meaning: 'x # y'}\n  # end",
    "phrases:\n- id: a\n  meaning: |\n    two\n    lines\n\n  # in\n- id: b\n  meaning: >\n    folded\n\nlink: ''\n",
    "---\nphrases:\n- id: a\n  examples: [b,\n    c]\n",
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25)
@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3), TEXTS)
def test_what_stood_there_stays_and_what_was_added_is_read_back(
    form: str, meaning: str, examples: list[str], comment: str
) -> None:
    rule = rule_yaml([("id", "mine"), ("severity", 2), ("meaning", meaning), ("examples", examples)], comment)
    after = with_rules(with_rules(form, [rule], FILE), [rule], FILE)
    kept = iter(after.splitlines())
    assert all(line in kept for line in form.splitlines() if line.strip())
    before = yaml.safe_load(form) or {}
    mine = {"id": "mine", "severity": 2, "meaning": meaning, "examples": examples}
    assert yaml.safe_load(after) == before | {LIST: [*before.get(LIST, []), mine, mine]}
    assert after.removeprefix(form).isascii()


def test_a_new_file_says_what_it_is() -> None:
    assert with_rules("", [rule_yaml([("id", "a")])], FILE) == f"{HEAD}phrases:\n  - id: 'a'\n"


@pytest.mark.parametrize(
    "form",
    [
        "phrases: []",
        "phrases:",
        "phrases: [{id: a}]",
        "phrases: a",
        "- id: a",
        "{phrases: []}",
        "a",
        "phrases:\n- a\n",
        "a: [",
    ],
)
def test_another_form_is_refused_with_its_name(form: str) -> None:
    with pytest.raises(ConfigError, match=r"replies\.local\.yaml"):
        with_rules(form, [rule_yaml([("id", "a")])], FILE)


def test_a_link_stays_a_link_and_rights_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    assert replace_file(link, "new", lambda written: written.read_text()) == "new"
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o640


def test_one_writer_after_the_other_leaves_nothing_behind(tmp_path: Path) -> None:
    for _ in range(2):
        with being_written(tmp_path / "a.yaml"):
            replace_file(tmp_path / "a.yaml", "x", lambda written: written.read_text())
    assert list(tmp_path.iterdir()) == [tmp_path / "a.yaml"]


@pytest.mark.parametrize("name", ["gone/a.yaml", "folder"])
def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="expected a file in a folder that can be written"):
        replace_file(tmp_path / name, "x", lambda written: written.read_text())
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="expected UTF-8 text"):
        read_text(tmp_path / "a.yaml")
    assert read_text(tmp_path / "b.yaml") == ""
