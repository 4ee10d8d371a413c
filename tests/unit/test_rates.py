from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
import zstandard
from rich.console import Console

from bot.core.model import Tally
from bot.core.templates import OTHER_TEMPLATE, TEMPLATES_PER_ISP
from bot.errors import DeferbotError
from bot.rates import NO_DEFERRALS, NO_DELIVERIES, By, RateRows, notes, quality, rate_rows, render_table, to_json
from tests.accounting_rows import SHORT, row, shipped_isps

ISPS = shipped_isps()
HEAD = SHORT + "\r\n"


def write(folder: Path, *rows: str, name: str = "acct.csv") -> Path:
    path = folder / name
    path.write_bytes((HEAD + "".join(rows)).encode())
    return path


def rates(
    *paths: Path | str,
    by: By = "isp",
    isp: str | None = None,
    window: timedelta = timedelta(minutes=60),
    until: datetime | None = None,
) -> RateRows:
    return rate_rows(paths, isps=ISPS, by=by, isp=isp, window=window, until=until)


def printed(rows: RateRows) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(render_table(rows))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_worst_first_and_a_rate_is_deferred_of_attempts(tmp_path: Path) -> None:
    path = write(tmp_path, row("d") * 3, row("t"), row("b") * 9, row("tq") * 5, row("t", domain="aol.com"))
    assert json.loads(to_json(rates(path))) == [
        {"isp": "yahoo", "attempts": 1, "delivered": 0, "deferred": 1, "bounced": 0, "queue_deferred": 0, "rate": 1.0},
        {"isp": "gmail", "attempts": 4, "delivered": 3, "deferred": 1, "bounced": 9, "queue_deferred": 5, "rate": 0.25},
    ]


def test_the_window_ends_with_the_newest_record_and_holds_it(tmp_path: Path) -> None:
    times = ["13:25:01", "13:25:02", "14:25:01", "14:00:00"]  # the first is exactly one hour older than the newest
    path = write(tmp_path, *(row("d", f"2026-11-20 {at}+0000") for at in times))
    rows = rates(path)
    assert rows[0].tally.delivered == 3
    assert rows.window and rows.window.end == datetime(2026, 11, 20, 14, 25, 2, tzinfo=UTC)
    assert rates(path, window=timedelta(hours=2))[0].tally.delivered == 4


def test_until_ends_the_window_before_it(tmp_path: Path) -> None:
    path = write(tmp_path, *(row("d", f"2026-11-20 {at}+0000") for at in ("13:00:00", "13:59:59", "14:00:00")))
    assert rates(path, until=datetime(2026, 11, 20, 14, tzinfo=UTC))[0].tally.delivered == 2


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("ip", {("gmail", "192.0.2.10"): 2, ("gmail", "192.0.2.11"): 1}),
        ("vmta", {("gmail", "vmta1"): 2, ("gmail", "v2"): 1}),
        ("job", {("gmail", "campaign-1"): 2}),
        ("reply", {("gmail", "421 4.7.0 [TSS04] from * deferred, later"): 1, ("gmail", "421 no"): 1}),
    ],
)
def test_groupings(tmp_path: Path, by: By, expected: dict[tuple[str, str], int]) -> None:
    other = row("t", dlvSourceIp="192.0.2.11", vmta="v2", jobId="", dsnDiag="smtp;421 no")
    rows = rates(write(tmp_path, row("d"), row("t"), other), by=by)
    assert {(each.isp, each.key): each.tally.attempts for each in rows} == expected
    assert {(each["isp"], each[by]) for each in json.loads(to_json(rows))} == set(expected)


def test_one_isp_by_any_usual_name(tmp_path: Path) -> None:
    path = write(tmp_path, row("d"), row("d", domain="aol.com"), row("d", domain="Corp.Example"))
    for word, isp in (("AOL", "yahoo"), ("gmail.com", "gmail"), ("corp.example", "corp.example")):
        assert [each.isp for each in rates(path, isp=word)] == [isp]
    with pytest.raises(DeferbotError, match=r"No ISP called gmal. Did you mean gmail\?"):
        rates(path, isp="gmal")
    with pytest.raises(DeferbotError, match=r"No ISP called corp.exampel. Did you mean corp.example\?"):
        rates(path, isp="corp.exampel")
    assert list(rates(path, isp="comcast")) == []


def test_several_files_each_with_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = write(tmp_path, row("d"), row("d"))
    packed = tmp_path / "diag.csv.gz"
    packed.write_bytes(gzip.compress(b"type,timeLogged,rcpt\nt,1795184701,a@gmail.com\n"))
    small = tmp_path / "more.csv.zst"
    small.write_bytes(zstandard.compress(f"{HEAD}{row('b')}".encode()))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{HEAD}{row('tq')}".encode())))
    (tmp_path / "empty.csv").touch()
    rows = rates(plain, packed, small, "-", tmp_path / "empty.csv")
    tally = rows[0].tally
    assert (tally.delivered, tally.deferred, tally.bounced, tally.queue_deferred) == (2, 1, 1, 1)


def test_the_table_shows_what_can_be_judged_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    path = write(tmp_path, row("d") * 40, row("t") * 10, row("t", domain="aol.com") * 49, row("r") * 3, "t,x\r\n")
    text = printed(rates(path))
    assert "Gmail" in text
    assert "20 %" in text
    assert "Yahoo" not in text
    assert "1 ISP with under 50 attempts not shown." in text
    assert "3 of 103 records left out: type r." in text
    assert "1 of 103 records left out: wrong number of fields. The first: t,x" in text
    assert "records t" not in text


def test_a_table_of_replies_escapes_nothing_away(tmp_path: Path) -> None:
    path = write(tmp_path, row("t", dsnDiag="smtp;421 4.7.0 [TSS04] [bold]no") * 50, row("d"))
    assert "421 4.7.0 [TSS04] [bold]no" in printed(rates(path, by="reply"))


def test_missing_deferrals_are_said(tmp_path: Path) -> None:
    path = write(tmp_path, row("d") * 60, row("tq"))
    assert any("add `records t`" in note.lower() for note in notes(rates(path)))
    assert not any("records t" in note for note in notes(rates(write(tmp_path, row("t")))))


def test_big_files_are_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.pmta.local.PIECE", 1000)
    quoted = row("t", dsnDiag='smtp;421 a "b"\r\nc, d')
    path = write(tmp_path, *(row("d") + quoted for _ in range(400)))
    assert (rates(path)[0].tally.delivered, rates(path)[0].tally.deferred) == (400, 400)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: None, "a readable accounting file expected, found: no such file or directory"),
        (lambda p: p.mkdir(), "a readable accounting file expected, found: is a directory"),
        (lambda p: p.write_text(""), "accounting records expected, found none"),
        (lambda p: p.write_text(HEAD), "accounting records expected, found none"),
        (lambda p: p.write_text(row("d")), "a header line like type,timeLogged,… expected first, found 'd,2026"),
        (lambda p: p.write_bytes(b"\xff\xfe\0" * 9), "a header line like type,timeLogged,… expected first"),
        (lambda p: p.write_bytes(b"\n"), "a header line like type,timeLogged,… expected first, found ''"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, make: object, says: str) -> None:
    path = tmp_path / "acct.csv"
    assert callable(make)
    make(path)
    with pytest.raises(DeferbotError) as caught:
        rates(path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_damaged_archive_is_one_line(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"acct.csv{suffix}"
    path.write_bytes(b"\x1f\x8b no archive")
    with pytest.raises(DeferbotError, match="a readable file expected, found"):
        rates(path)


def test_a_window_longer_than_history_is_all_of_it(tmp_path: Path) -> None:
    assert rates(write(tmp_path, row("d")), window=timedelta(days=999_999))[0].tally.delivered == 1


def test_files_without_deliveries_do_not_pass_as_all_deferred(tmp_path: Path) -> None:
    only = write(tmp_path, row("t") * 60)
    assert quality(rates(only)) == [NO_DELIVERIES]
    assert quality(rates(only, write(tmp_path, row("d"), name="more.csv"))) == []


def test_nothing_to_count_says_what_there_was_and_claims_no_more(tmp_path: Path) -> None:
    path = write(tmp_path, row("d", "2026-11-20 14:00:00+0000"), row("d", "2026-11-20 15:00:00+0000"))
    found = notes(rates(path, until=datetime(2020, 1, 1, tzinfo=UTC)))
    assert found[0] == "No record in the window; the 2 read are from 2026-11-20 14:00:00 to 2026-11-20 15:00:00 UTC."
    timeless = tmp_path / "timeless.csv"
    timeless.write_text("type,queue\r\nt,gmail.com/vmta1\r\n", encoding="utf-8")
    found = notes(rates(timeless))
    assert found[0] == "None of 1 records could be counted."
    assert NO_DEFERRALS not in found


def test_until_before_the_calendar_is_no_traceback(tmp_path: Path) -> None:
    assert rates(write(tmp_path, row("d")), until=datetime(1, 1, 1, tzinfo=UTC)) == []


def test_records_without_a_campaign_are_counted_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "no-job.csv"
    path.write_text(
        "type,timeLogged,queue\r\n" + "t,2026-11-20 14:00:00+0000,gmail.com/vmta1\r\n" * 3, encoding="utf-8"
    )
    assert "3 records in the window name no campaign (jobId): not shown." in notes(rates(path, by="job"))


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("ip", "90 records in the window name no source IP (dlvSourceIp): counted as –."),
        ("vmta", "90 records in the window name no VMTA (vmta): counted as –."),
        ("reply", "37 records in the window name no reply (dsnDiag): counted as –."),
        ("job", "97 records in the window name no campaign (jobId): not shown."),
    ],
)
def test_what_a_file_does_not_have_is_said(tmp_path: Path, by: By, said: str) -> None:
    path = tmp_path / "few-columns.csv"
    rows = ["d,2026-11-20 14:00:00+0000,gmail.com/vmta1\r\n"] * 60
    rows += ["t,2026-11-20 14:00:00+0000,gmail.com/vmta1\r\n"] * 30
    rows += ["b,2026-11-20 14:00:00+0000,gmail.com/vmta1\r\n"] * 7
    path.write_text("type,timeLogged,queue\r\n" + "".join(rows), encoding="utf-8")
    assert said in quality(rates(path, by=by))
    assert quality(rates(path)) == []


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-11-20 14:25:01", ["Times without an offset from UTC are taken for UTC."]),
        ("2026-11-20 14:25:01+0000", []),
        ("2026-11-20 14:25:01Z", []),
        ("1795184701", []),
    ],
)
def test_a_zone_that_is_taken_for_granted_is_said(tmp_path: Path, at: str, said: list[str]) -> None:
    assert quality(rates(write(tmp_path, row("d", at), row("t", at)))) == said


def test_the_title_is_not_folded(tmp_path: Path) -> None:
    path = write(tmp_path, row("d") * 60, row("t") * 60)
    assert "Deferral rate, 2026-11-20 13:25:02 to 2026-11-20 14:25:02 UTC\n" in printed(rates(path, by="reply"))


def test_an_address_is_never_cut_in_two(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=80)
    console.print(render_table(rates(write(tmp_path, row("d") * 60, row("t") * 60), by="ip")))
    assert isinstance(console.file, io.StringIO)
    assert "192.0.2.10" in console.file.getvalue()


def test_a_file_of_json_lines_needs_no_header(tmp_path: Path) -> None:
    path = tmp_path / "acct.json"
    line = '{{"type":"{kind}","timeLogged":"2026-11-20 14:25:01+0000","queue":"gmail.com/vmta1"}}\n'
    path.write_text(line.format(kind="d") * 60 + line.format(kind="t") * 40, encoding="utf-8")
    (gmail,) = rates(path)
    assert (gmail.isp, gmail.tally) == ("gmail", Tally(delivered=60, deferred=40))


def test_hostile_replies_are_counted_but_not_all_named(tmp_path: Path) -> None:
    words = ["".join(letters) for letters in product("abcdefghijklmn", repeat=3)][: TEMPLATES_PER_ISP + 7]
    path = write(tmp_path, *(row("t", dsnDiag=f"smtp;421 4.7.0 {word}") for word in [*words, *words]))
    rows = rates(path, by="reply")
    assert len(rows) == TEMPLATES_PER_ISP + 1
    assert (rows[0].key, rows[0].tally.deferred) == (OTHER_TEMPLATE, 14)
    assert sum(each.tally.deferred for each in rows) == 2 * len(words)
