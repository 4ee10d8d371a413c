from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.accounting import LINE_LIMIT, RECORD_LIMIT, Header, Row, RowReader
from bot.core.model import Cell, JobCell, Tally
from bot.core.record_time import TimeStyle, parse_time
from bot.core.rollup import add_up, roll_up
from bot.errors import ParseError
from tests.accounting_rows import SHORT, hostile_files, line, row, shipped_isps, sound_files

DATA = Path(__file__).parents[1] / "data" / "pmta"
ISPS = shipped_isps()
OK = "smtp;250 2.0.0 OK"
HEAD = (SHORT + "\r\n").encode()
with (DATA / "headers.tsv").open(newline="") as file:
    VARIANTS = {each["id"]: each["header"] for each in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def read(data: bytes, header: str = "", *, final: bool = True) -> list[Row | str]:
    return list(RowReader(data, Header.parse(header) if header else None, final=final))


def test_the_sample_files() -> None:
    rolled = [roll_up(RowReader(p.read_bytes(), None), host="mta1", isps=ISPS) for p in sorted(DATA.glob("*-0000.csv"))]
    total = add_up(rolled)
    gmail = Cell(1795184700, "gmail", "mta1", "192.0.2.10", "gmail-ip-1", "")
    assert total.cells[gmail] == Tally(delivered=1)
    assert total.jobs[JobCell(1795184700, "gmail", "mta1", "campaign-981")] == Tally(delivered=1, deferred=1)
    assert sum(total.cells.values(), Tally()) == Tally(1, 1, 1, 1)
    assert total.left_out == {}
    assert (total.rows, total.newest and total.newest.isoformat()) == (4, "2026-11-20T14:25:07+00:00")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_every_known_header_is_understood(variant: str, end: str) -> None:
    names = VARIANTS[variant].split(",")
    value = {"type": "t", "timelogged": "1795184701", "dsndiag": "smtp;421 no", "rcpt": "a@b.example"}
    data = VARIANTS[variant] + end + line([value.get(name.lower(), f"<{name}>") for name in names], end)
    (found,) = read(data.encode())
    if "timeLogged" not in names:
        assert found == "no timeLogged column"
        return
    assert isinstance(found, Row)
    lower = [name.lower() for name in names]
    assert found.source_ip == ("<dlvSourceIp>" if "dlvsourceip" in lower else "")
    assert found.mx.lower() == ("<dsnmta>" if "dsnmta" in lower else "")
    assert found.job == ("<jobId>" if "jobid" in lower else "")
    assert found.rcpt_domain == "b.example"


def test_a_doubled_column_means_the_first() -> None:
    (found,) = read(b"type,timeLogged,vmta,vmta\nt,1795184701,one,two\n")
    assert isinstance(found, Row)
    assert (found.kind, found.at, found.vmta) == ("t", 1795184701, "one")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20 14:25:01+0000", 1795184701),
        ("2026-11-20 15:25:01+0100", 1795184701),
        ("2026-11-20 10:55:01-03:30", 1795184701),
        ("2026-11-20 14:25:01", 1795184701),
        ("2026-11-20T14:25:01.250Z", 1795184701),
        ("1795184701", 1795184701),
        ("1795184701.5", 1795184701),
        ("2026-02-30 14:25:01+0000", None),
        ("2026-11-20 14:25:01+9999", None),
        ("0001-01-01 00:00:00+0000", None),
        ("9999-12-31 23:59:59-2359", None),
        ("999999999999", None),
        ("11/20/2026 14:25:01", 1795184701),
        ("11/11/2026 14:25:01+0100", 1794403501),
        ("11/05/2026 14:25:01", None),  # May or November?
        ("20/11/2026 14:25:01", None),
        ("02/30/2026 14:25:01", None),
        ("", None),
    ],
)
def test_times(text: str, expected: int | None) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (row("r"), "type r"),
        (row("RS"), "type rs"),
        (row("f"), "type f"),
        (row("p"), "unknown record type"),
        (row("b", dsnDiag="x-pmta;deleted by administrator"), "made by PMTA itself"),
        (row("t", at="soon"), "bad time"),
        ("t,1795184701\r\n", "wrong number of fields"),
        ('t,"1795184701"x\r\n', "broken quoting"),
        (row("t", vmta="\0"), "NUL byte"),
        (row("t", vmta="\udcff"), "not UTF-8"),
        (row("t", vmta="v" * RECORD_LIMIT), "longer than 128 KiB"),
        ("t" * (LINE_LIMIT - 2) + "\r\n", "longer than 128 KiB"),
    ],
)
def test_a_row_that_does_not_count_is_its_reason_and_stops_nothing(text: str, reason: str) -> None:
    data = HEAD + text.encode("utf-8", "surrogateescape") + row("d").encode()
    found = read(data)
    assert found[0] == reason
    assert [each.kind for each in found if isinstance(each, Row)] == ["d"]


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        ("2026-11-20 15:25:01", TimeStyle(3600), 1795184701),  # the host's zone
        ("2026-11-20 14:25:01+0000", TimeStyle(3600), 1795184701),  # said by the time itself
        ("2026-11-20 14:25:01Z", TimeStyle(3600), 1795184701),
        ("1795184701", TimeStyle(3600), 1795184701),
        ("2026-11-20 15:26:31", TimeStyle(3600, skew_s=90), 1795184701),  # by a clock that is ahead
        ("2026-11-20 14:23:31Z", TimeStyle(skew_s=-90), 1795184701),
        ("1795184706", TimeStyle(skew_s=5), 1795184701),
        ("11/20/2026 15:25:01", TimeStyle(3600), 1795184701),
        ("11/05/2026 14:25:01", TimeStyle.of_file("/a/acct-2026-11-05-0000.csv"), 1793888701),
        ("11/04/2026 23:59:59", TimeStyle.of_file("/a/acct-2026-11-05-0000.csv.gz"), 1793836799),
        ("05/11/2026 14:25:01", TimeStyle.of_file("/a/acct-2026-11-05-0000.csv"), None),  # day first: not ours
        ("11/05/2026 14:25:01", TimeStyle.of_file("/2026-11-05/acct-2026-99-05-0000.csv"), None),
    ],
)
def test_times_that_do_not_say_all_are_read_as_the_host_and_the_file_tell(
    text: str, style: TimeStyle, expected: int | None
) -> None:
    assert parse_time(text, style) == expected


def test_lines_of_json_are_records_wherever_they_stand() -> None:
    data = (
        b'{"type":"t","timeLogged":"2026-11-20 14:25:01+0000","dsnMTA":"mx.example.net (198.51.100.9)",'
        b'"rcpt":"a@b.example","dsnDiag":"smtp;421 \\u00fc","jobId":7,"vmta":"one",'
        b'"VMTA":"two","dlvSourceIp":null,"queue":{"a":[1]},"x":true}\r\n'
        + HEAD
        + row("d").encode()
        + b'{"type":"d","timeLogged":1795184701}\n'
    )
    first, second, third = read(data)
    assert first == Row("t", 1795184701, "", "mx.example.net", "a@b.example", "b.example", "", "one", "7", "smtp;421 ü")
    assert second == Row(
        "d", 1795184701, "gmail.com", "", "ann@gmail.com", "gmail.com", "192.0.2.10", "vmta1", "campaign-1", OK
    )
    assert third == Row("d", 1795184701, *[""] * 8)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"type":"t"', "broken JSON"),
        ("{" + '"a":[' + "[" * 60_000, "broken JSON"),
        ("{}", "unknown record type"),
        ('{"type":"rb"}', "type rb"),
        ('{"type":"t"}', "no timeLogged column"),
        ('{"type":"t","timeLogged":"soon"}', "bad time"),
        ('{"type":"t","vmta":"\\u0000"}', "NUL byte"),
        ('{"vmta":"\udcff"}', "not UTF-8"),
        ('{"type":"t","vmta":"' + "v" * RECORD_LIMIT + '"}', "longer than 128 KiB"),
    ],
)
def test_a_line_of_json_that_does_not_count_is_its_reason(text: str, reason: str) -> None:
    found = read(text.encode("utf-8", "surrogateescape") + b"\n" + HEAD + row("d").encode())
    assert found[0] == reason
    assert [each.kind for each in found if isinstance(each, Row)] == ["d"]


def test_half_a_line_of_json_waits() -> None:
    data = b'{"type":"d","timeLogged":1795184701}\n{"type":"d","ti'
    reader = RowReader(data, None)
    assert len(list(reader)) == 1
    assert reader.position == data.find(b"\n") + 1


def test_one_sample_of_every_kind_of_bad_row_is_kept() -> None:
    data = (
        HEAD + row("r").encode() + b"t,1\r\n" + b"t,2\r\n" + row("t", at="soon").encode() + b"p,\0,ann@corp.example\n"
    )
    reader = RowReader(data, None)
    assert [str(each) for each in reader][0:2] == ["type r", "wrong number of fields"]  # the first is as it should be
    assert list(reader.bad) == ["wrong number of fields", "bad time", "NUL byte"]
    assert reader.bad["wrong number of fields"] == "t,1"
    assert reader.bad["NUL byte"] == "p,\ufffd,…@corp.example"


def test_delivered_rows_are_never_pmta_s_own() -> None:
    assert isinstance(read(HEAD + row("d", dsnDiag="x-pmta;odd").encode())[0], Row)


def test_rows_before_any_header_are_left_out() -> None:
    assert read(row("d").encode() + HEAD + row("t").encode())[0] == "no header before it"


def test_header_lines_in_the_middle_rule_what_follows() -> None:
    data = HEAD + row("d").encode() + b'"Type",TIMELOGGED,vmta\nt,1795184701,v9\n' + HEAD + row("d").encode()
    assert [each.vmta for each in read(data) if isinstance(each, Row)] == ["vmta1", "v9", "vmta1"]
    reader = RowReader(b'\xef\xbb\xbftype,"a,b",timeLogged\n', None)
    assert list(reader) == []
    assert reader.header and Header.parse(reader.header.line) == reader.header
    assert reader.header.names == ("type", "a,b", "timelogged")


def test_even_an_odd_header_is_kept_as_one_line_of_text_that_reads_back() -> None:
    reader = RowReader(b'type, Odd"name ,"two\r\nlines",timeLogged\r\n', None)
    assert list(reader) == []
    assert reader.header and Header.parse(reader.header.line).names == (
        "type",
        'odd"name',
        "two\r\nlines",
        "timelogged",
    )


def test_a_line_cut_off_inside_quotes_costs_only_itself() -> None:
    data = (
        HEAD + b't,1795184701,ann@a.example,"smtp;421 cut\r\n' + row("t", dsnDiag="a, b").encode() + row("d").encode()
    )
    assert [each if isinstance(each, str) else each.kind for each in read(data)] == ["broken quoting", "t", "d"]


def test_a_quote_that_never_closes_does_not_hold_up_the_file() -> None:
    data = HEAD + b't,"open\r\n' + row("d").encode() * 4000
    reader = RowReader(data, None)
    found = list(reader)
    assert len(data) > RECORD_LIMIT
    assert found[0] == "broken quoting"
    assert len(found) == 4001
    assert reader.position == len(data)


def test_bytes_without_any_line_end_are_given_up_in_the_end() -> None:
    reader = RowReader(HEAD + b"t" * LINE_LIMIT, None)
    assert list(reader) == ["longer than 128 KiB"]
    assert reader.position == len(HEAD) + LINE_LIMIT


def test_what_may_still_change_waits() -> None:
    for tail in (b"t,17951847", b't,"two\r\nlines', b"t" * (RECORD_LIMIT + 9)):
        reader = RowReader(HEAD + tail, None)
        assert list(reader) == []
        assert reader.position == len(HEAD)


@pytest.mark.parametrize("text", ["", "d,1795184701", '"type', "types,timeLogged", "\r\n"])
def test_only_a_header_is_a_header(text: str) -> None:
    with pytest.raises(ParseError, match="a header line like type,timeLogged,… expected, found"):
        Header.parse(text)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | hostile_files(), st.booleans())
def test_no_bytes_raise_anything(data: bytes, final: bool) -> None:
    reader = RowReader(data, None, final=final)
    found = list(reader)
    assert reader.position == len(data) or not final
    assert all(isinstance(each, Row | str) for each in found)


@settings(max_examples=100, deadline=None)
@given(sound_files())
def test_every_row_is_counted_or_has_a_reason(data: bytes) -> None:
    rolled = roll_up(RowReader(data, None, final=True), host="mta1", isps=ISPS)
    counted = sum(rolled.cells.values(), Tally())
    total = counted.attempts + counted.bounced + counted.queue_deferred + sum(rolled.left_out.values())
    assert total == rolled.rows


@settings(max_examples=100, deadline=None)
@given(sound_files(), sound_files())
def test_roll_ups_add_up(first: bytes, second: bytes) -> None:
    def rolled(data: bytes) -> list[Row | str]:
        return read(data)

    both = roll_up([*rolled(first), *rolled(second)], host="mta1", isps=ISPS)
    parts = [roll_up(rolled(data), host="mta1", isps=ISPS) for data in (first, second)]
    assert add_up(parts) == both
