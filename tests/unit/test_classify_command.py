"""`deferbot classify`: one answer a reply, as text or as JSON lines; a wrong provider is told in one line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bot.classify import Answer, answers, provider_key, to_json, to_text
from bot.cli import cli
from bot.errors import DeferbotError
from bot.knowledge import Knowledge, load_knowledge

COMPLAINTS = "smtp;421 4.7.0 [TSS04] Messages from 192.0.2.30 temporarily deferred due to user complaints"


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def only(knowledge: Knowledge, reply: str, provider: str = "") -> Answer:
    (answer,) = answers([reply], provider, knowledge)
    return answer


def test_one_json_object_a_line(knowledge: Knowledge) -> None:
    line = to_json(only(knowledge, COMPLAINTS))
    assert "\n" not in line
    found = json.loads(line)
    explanation, check, link = (found.pop(key) for key in ("explanation", "check", "link"))
    assert explanation.startswith("Yahoo ")
    assert check.endswith(".")
    assert link.startswith("https://senders.yahooinc.com/")
    assert found == {
        "provider": "yahoo",
        "category": "spam_complaints",
        "dsn_class": "transient",
        "rule": "yahoo/complaints",
        "confidence": "high",
        "severity": 3,
        "retry_hint_s": None,
        "advised_wait_s": None,
        "blamed": "ip",
        "pressure": False,
        "lasting": False,
    }


@pytest.mark.parametrize(
    ("reply", "provider", "said"),
    [
        (
            COMPLAINTS,
            "yahoo",
            ["spam_complaints (spam complaints), transient", "Yahoo, rule yahoo/complaints", "blames: ip"],
        ),
        ("550 Ip frequency limited", "qq", ["permanent, but it clears by itself", "QQ"]),
        ("421 [TS03] permanently deferred", "yahoo", ["transient, but it will not clear by itself"]),
        ("450 Greylisted for 5 minutes", "", ["any provider", "the reply asks to wait 5 min"]),
        ("421 Service refuse. OFR_999", "orange", ["wait 2 h before the next try"]),
        ("???", "", ["other (not understood), transient", "no rule, confidence low"]),
    ],
)
def test_lines_for_people(knowledge: Knowledge, reply: str, provider: str, said: list[str]) -> None:
    text = to_text(only(knowledge, reply, provider), knowledge)
    assert [words for words in said if words not in text] == []


def test_the_far_end_writes_nothing_on_the_terminal(knowledge: Knowledge) -> None:
    hostile = "550 \x1b[2J user unknown \u202e"
    answer = only(knowledge, hostile)
    assert to_json(answer).isascii()
    assert "\x1b" not in to_json(answer) + to_text(answer, knowledge)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Gmail", "gmail"),
        ("google", "gmail"),
        ("hotmail.fr", "microsoft"),
        ("generic", ""),
        ("", ""),
        ("163", "netease"),
    ],
)
def test_any_usual_name_of_a_provider(knowledge: Knowledge, name: str, key: str) -> None:
    assert provider_key(name, knowledge) == key


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gmial", 'found "gmial"; did you mean gmail?'),
        ("qwxyzzy", 'found "qwxyzzy"; leave --provider out and the reply\'s own words decide.'),
    ],
)
def test_an_unknown_provider_is_told_in_one_line(knowledge: Knowledge, name: str, said: str) -> None:
    with pytest.raises(DeferbotError) as wrong:
        provider_key(name, knowledge)
    assert str(wrong.value).endswith(said)
    assert "\n" not in str(wrong.value)


def test_a_provider_known_by_words_of_the_catalog_alone(knowledge: Knowledge) -> None:
    assert only(knowledge, "550 5.7.1 no - see https://help.naver.com/").provider == "naver"


def test_one_a_line_on_standard_input() -> None:
    given = b"550 5.1.1 User unknown\r\n\n" + b"\xff\xfe 552 mailbox full\n421 RP-001 weren't sent"
    done = CliRunner().invoke(cli, ["classify", "--json", "-"], input=given)
    assert done.exit_code == 0
    assert [json.loads(line)["category"] for line in done.stdout.splitlines()] == [
        "bad_mailbox",
        "other",
        "mailbox_full",
        "reputation_ip",
    ]


def test_rules_that_decided_nothing_are_listed_apart() -> None:
    done = CliRunner().invoke(cli, ["classify", "--json", "--never-hit", "-p", "yahoo", COMPLAINTS])
    unused = done.stderr.splitlines()
    assert "never hit: yahoo/permanent" in unused
    assert "never hit: yahoo/complaints" not in unused
    assert len(done.stdout.splitlines()) == 1


def test_one_reply_as_an_argument() -> None:
    done = CliRunner().invoke(cli, ["classify", "--provider", "gmail", "421-4.7.28 unusual rate of mail"])
    assert done.exit_code == 0
    assert done.stdout.startswith("rate_limit (rate limit), transient\n")
