"""`deferbot rules` as a person types it, beside a store in use: lists, rules written after a question, refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import cli
from bot.errors import DeferbotError
from bot.store.audit import SqlAuditLog
from bot.store.tallies import SqlTallyStore
from tests.store_values import sqlite
from tests.unknown_replies import BLIP, ZORG, put

CONFIG = """\
hosts:
  - {name: mta1, address: 192.0.2.1, user: deferbot, key_file: id}
slack: {channel: C0LOCAL}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A configuration and a store with replies of just now, which stays open as a running bot has it."""
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / ".env").write_text(
        f"SLACK_BOT_TOKEN=xoxb-1\nSLACK_APP_TOKEN=xapp-1\nDATABASE_URL=sqlite:///{tmp_path}/deferbot.db\n"
    )
    monkeypatch.chdir(tmp_path)
    with sqlite(tmp_path / "deferbot.db") as engine:
        put(SqlTallyStore(engine), at=datetime.now(UTC))
        yield tmp_path


def typed(*words: str, answer: str = "") -> Result:
    """As `main` runs it; a fault of ours is in `exception`."""
    return CliRunner().invoke(cli, words, input=answer)


def ids(folder: Path) -> list[str]:
    del folder
    return [row["id"] for row in json.loads(typed("rules", "unknown", "--json").stdout)]


def fault(result: Result) -> str:
    assert isinstance(result.exception, DeferbotError), result.output
    return str(result.exception)


def test_what_is_not_understood_is_listed_with_a_rule(folder: Path) -> None:
    lines = typed("rules", "unknown").stdout.splitlines()
    assert lines[0] == "54 of 554 replies of the last 24 h (9.7 %) are not understood: 3 kinds."
    assert lines[2].endswith("42 (7.6 %) · Gmail 40, example.org 2 · decided by its code alone")
    assert lines[3] == "  > 450 Zorg gateway parked this delivery, shelf 7 is busy with ...@example.org"
    assert lines[4] == r"  rule for generic: \bzorg gateway parked this delivery, shelf\b"
    assert lines[-1] == "  no words of their own in common: no rule can be proposed"
    assert not (folder / "replies.local.yaml").exists()


def test_the_list_as_json(folder: Path) -> None:
    del folder
    first = json.loads(typed("rules", "unknown", "--json", "--isp", "Yahoo").stdout)[0]
    assert (first["isps"], first["provider"], first["category"]) == ({"yahoo": 9}, "yahoo", None)
    assert first["category_by_code"] == "policy_block"


def test_a_rule_is_shown_and_written_once_the_answer_is_yes(folder: Path) -> None:
    wanted = ids(folder)[0]
    shown = typed("rules", "adopt", wanted, "--category", "rate-limit", answer="n\n")
    assert shown.exit_code == 1
    assert "pattern: '\\bzorg gateway parked this delivery, shelf\\b'" in shown.stdout
    assert shown.stdout.endswith("Nothing was written.\n")
    assert not (folder / "replies.local.yaml").exists()
    done = typed("rules", "adopt", wanted, "--category", "rate-limit", answer="y\n")
    assert done.exit_code == 0
    assert f"generic/local-{wanted} now decides these replies." in done.stdout
    assert typed("classify", ZORG).stdout.startswith("rate_limit (rate limit), transient")
    with sqlite(folder / "deferbot.db") as engine:
        assert [entry.action for entry in SqlAuditLog(engine).entries()] == ["rule_adopted"]
    again = typed("rules", "adopt", wanted, "--category", "rate-limit", "--yes")
    assert fault(again).endswith("already; nothing more was done.")


def test_all_that_have_a_proposal(folder: Path) -> None:
    del folder
    done = typed("rules", "adopt", "--all", "--category", "policy_block", "--meaning", "It is parked.", "-y")
    assert done.exit_code == 0
    assert typed("rules", "unknown").stdout.startswith("3 of 554 replies")
    assert "It is parked." in typed("classify", "--provider", "yahoo", BLIP).stdout
    assert "no fault found" in typed("check").stdout
    none = typed("rules", "adopt", "--all", "--category", "policy_block", "-y")
    assert fault(none).startswith("--all: a proposal expected, found none in the last 24 h")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("unknown", "--isp", "gmial"), "did you mean gmail?"),
        (("adopt", "--category", "rate_limit"), "or --all, expected"),
        (("adopt", "00000000", "--all", "--category", "rate_limit"), "or --all, expected"),
        (("adopt", "00000000", "--category", "rate_limt"), "did you mean rate_limit"),
    ],
)
def test_wrong_usage_is_said_with_what_is_near(folder: Path, words: tuple[str, ...], said: str) -> None:
    del folder
    result = typed("rules", *words)
    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())


def test_an_unknown_id_gets_the_nearest(folder: Path) -> None:
    right = ids(folder)[0]
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    assert fault(typed("rules", "adopt", wrong, "--category", "rate_limit")).endswith(f"did you mean {right}?")


def test_a_store_that_is_not_there_is_said(folder: Path) -> None:
    (folder / "deferbot.db").unlink()
    assert "found no such file" in fault(typed("rules", "unknown"))


def test_rules_that_nothing_met(folder: Path) -> None:
    del folder
    lines = typed("rules", "unused", "--days", "7").stdout.splitlines()
    assert lines[0].endswith("rules decided none of the 554 stored replies of the last 7 days.")
    assert any(line.startswith("yahoo: permanent") for line in lines)
    rows = json.loads(typed("rules", "unused", "--json").stdout)
    assert {"rule", "category", "pattern"} == set(rows[0])


def test_faults_of_the_local_rules_are_told_by_check(folder: Path) -> None:
    (folder / "replies.local.yaml").write_text("phrases:\n- id: x\n  patern: a\n")
    found = typed("check")
    assert found.exit_code == 1
    assert "replies.local.yaml:3: phrases[0].patern: no such key here" in found.output.replace("\n", " ")


def test_what_overrules_a_shipped_rule_is_a_note_and_what_never_decides_a_fault(folder: Path) -> None:
    rule = """\
provider: yahoo
tokens:
- id: mine
  pattern: '\\[TSS04\\]'
  category: rate_limit
  severity: 2
  meaning: Mine.
  check: Look.
  examples: ["421 4.7.0 [TSS04] wait"]
"""
    (folder / "replies.local.yaml").write_text(rule)
    found = typed("check")
    assert "replies.local.yaml: yahoo/mine overrules yahoo/complaints" in found.output
    assert found.exit_code == 0
    shadowed = rule.partition("tokens:\n")[2].replace("id: mine", "id: second").replace("wait", "stop")
    (folder / "replies.local.yaml").write_text(rule + shadowed)
    assert "tokens[1].examples[0]: a reply that second decides expected" in typed("check").output


def test_a_file_named_in_the_configuration_and_missing_is_a_note(folder: Path) -> None:
    (folder / "config.yaml").write_text(f"{CONFIG}rules: mine.yaml\n")
    assert "mine.yaml: no such file yet; `deferbot rules adopt` makes it" in typed("check").output
