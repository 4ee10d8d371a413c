from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.core.isp import IspCatalog, IspEntry
from bot.errors import ConfigError
from bot.playbook.isps import load_isps
from tests.accounting_rows import shipped_isps

ISPS = shipped_isps()


@pytest.mark.parametrize(
    ("queue", "mx", "domain", "expected"),
    [
        ("yahoo.rollup/v1", "", "aol.com", "yahoo"),  # rollup before all else
        ("yahoo.rollup/v1", "aspmx.l.google.com", "", "yahoo"),
        ("own.rollup/v1", "aspmx.l.google.com", "gmail.com", "own.rollup"),  # an unknown rollup is its own name
        ("outlook.com.rollup/v", "", "", "microsoft"),  # a rollup named after a known word
        ("corp.example/v1", "aspmx.l.google.com (142.250.0.27)", "corp.example", "gmail"),  # hosted domain, by MX
        ("corp.example/v1", "corp-example.mail.protection.outlook.com", "corp.example", "microsoft"),
        ("cox.net/v1", "mx-aol.mail.gm0.yahoodns.net (98.136.96.91)", "cox.net", "yahoo"),  # moved to Yahoo's MX
        ("att.net/v1", "mx-att.mail.am0.yahoodns.net", "att.net", "yahoo"),
        ("cox.net/v1", "", "cox.net", "cox"),  # no MX seen: the domain
        ("x/v", "MTA5.AM0.YahooDNS.net.", "", "yahoo"),  # case and final dot
        ("x/v", "mx2.mail.yahoo.co.jp", "", "yahoo-japan"),  # longest suffix
        ("notgoogle/v", "mx.notgoogle.com", "corp.example", "corp.example"),  # label boundary
        ("hotmail.co.uk/v", "", "Hotmail.co.uk", "microsoft"),
        ("yahoo.co.jp/v", "", "yahoo.co.jp", "yahoo-japan"),  # written out beats any country
        ("nyc.rr.com/v", "", "nyc.rr.com", "charter"),
        ("hotmail.evil.example/v", "", "hotmail.evil.example", "hotmail.evil.example"),
        ("Corp.Example/v", "", "", "corp.example"),  # tq rows have no recipient
        ("", "", "", "unknown"),
    ],
)
def test_provider_of_a_record(queue: str, mx: str, domain: str, expected: str) -> None:
    assert ISPS.of_record(queue=queue, mx=mx, rcpt_domain=domain) == expected


def test_the_reply_is_the_last_resort() -> None:
    signed = "421 4.7.0 Try again later - gsmtp"
    assert ISPS.of_record(queue="a.example/v", mx="", rcpt_domain="a.example", reply=signed) == "gmail"
    assert ISPS.of_record(queue="yahoo.com/v", mx="", rcpt_domain="yahoo.com", reply=signed) == "yahoo"
    assert ISPS.of_record(queue="own.rollup/v", mx="", rcpt_domain="", reply=signed) == "own.rollup"
    assert ISPS.of_record(queue="a.example/v", mx="", rcpt_domain="", reply="421 no") == "a.example"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("gmail", "gmail"), ("Google", "gmail"), ("gmail.com", "gmail"), (" GoogleMail ", "gmail"),
        ("outlook", "microsoft"), ("hotmail", "microsoft"), ("o365", "microsoft"), ("hotmail.fr", "microsoft"),
        ("aol", "yahoo"), ("AT&T", "att"), ("icloud", "apple"), ("xfinity", "comcast"), ("GMX", "gmx"),
        ("corp.example", "corp.example"), ("gmal", None), ("", None),
    ],
)  # fmt: skip
def test_usual_names_are_understood(word: str, expected: str | None) -> None:
    assert ISPS.resolve(word, known=["corp.example"]) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [("gmal", "gmail"), ("microsft", "microsoft"), ("corp.exampel", "corp.example"), ("qqqqqqqq", None)],
)
def test_a_misspelt_word_gets_the_nearest(word: str, expected: str | None) -> None:
    assert ISPS.nearest(word, known=["corp.example"]) == expected


def test_every_resolved_or_near_word_is_a_key() -> None:
    assert {"gmail", "microsoft", "yahoo", "apple", "comcast", "orange", "gmx", "mailru"} <= set(ISPS.keys())
    assert all(ISPS.resolve(key) == key and ISPS.nearest(key) == key for key in list(ISPS.keys()))
    assert ISPS.title("gmail") == "Gmail"
    assert ISPS.title("corp.example") == "corp.example"


def test_the_memo_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.core.isp._MEMO_LIMIT", 3)
    isps = IspCatalog([IspEntry("one", "One", domains=("one.example",))])
    for n in range(9):
        assert isps.of_queue(f"d{n}.example/v") == f"d{n}.example"
    assert isps.of_queue("one.example/v") == "one"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("isps: []", "isps: at least one provider expected, found none"),
        ("isps: [{key: Gmail, title: G}]", "isps[0].key: String should match pattern"),
        ("isps: [{key: g, title: G, mx: [L.Google.com]}]", "isps[0].mx[0]"),
        ("isps: [{key: g, title: G, rollups: [gmail]}]", "isps[0].rollups[0]"),
        ("isps: [{key: g, title: G, colour: red}]", "isps[0].colour: Extra inputs are not permitted"),
        (
            "isps: [{key: a, title: A, domains: [x.example]}, {key: b, title: B, domains: [x.example]}]",
            "domain 'x.example'",
        ),
        ("isps: [{key: a, title: A}, {key: b, title: B, aliases: [a]}]", "alias or key 'a'"),
        ("isps: {", "YAML expected"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "isps.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(str(path)) + ": .*" + re.escape(fault)):
        load_isps(path)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "isps.yaml"
    path.write_text("isps: [{key: A, title: ''}, {title: B}]")
    with pytest.raises(ConfigError) as caught:
        load_isps(path)
    assert len(caught.value.faults) == 3


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a readable UTF-8 file expected"):
        load_isps(tmp_path / "none.yaml")
