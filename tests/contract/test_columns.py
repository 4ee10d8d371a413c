"""The fast path equals the plain reference on everything, sound or hostile."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.core.accounting import Header, RowReader
from bot.core.model import RollUp
from bot.core.reply import MASK, RAW_LENGTH, RUST_VARIABLE, masked
from bot.core.rollup import add_up, roll_up
from bot.pmta import columns, told
from bot.pmta.columns import Frames, read_piece, roll_up_columns
from bot.pmta.fold import Fold
from bot.pmta.frame import ALL_DETAILS as ALL
from bot.pmta.reader import Reading
from tests.accounting_rows import HEADER, SHORT, hostile_files, line, row, shipped_isps, sound_files

ISPS = shipped_isps()


def reference(data: bytes, header: str = "") -> RollUp:
    known = Header.parse(header) if header else None
    return roll_up(RowReader(data, known, final=True), host="mta1", isps=ISPS)


def fast(data: bytes, header: str = "") -> RollUp:
    """Everything that can be is read by polars, in pieces down to 256 bytes."""
    return roll_up_columns(data, header, host="mta1", isps=ISPS, smallest=256)


@settings(max_examples=150, deadline=None)
@given(sound_files())
def test_fast_path_equals_the_reference(data: bytes) -> None:
    assert fast(data) == reference(data)


@settings(max_examples=300, deadline=None)
@given(hostile_files())
@example(b'type,timeLogged\r\nd,"2026-11-20 14:25:01+0000"x\r\nd,1795184701\r\n' * 9)
@example(b'type,timeLogged,vmta\r\nd,1795184701,"a"\r,\nd,1795184701,a\r\n' * 9)
@example(b"type,timeLogged,vmta\nd,1795184701\nd,1795184701,a,b\nd,1795184701,a\n" * 9)
def test_fast_path_equals_the_reference_on_hostile_bytes(data: bytes) -> None:
    assert fast(data) == reference(data)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.text(alphabet=',"a\n', max_size=120).map(lambda text: text.encode()))
def test_fast_path_equals_the_reference_on_quotes_and_commas(body: bytes) -> None:
    good = b'd,1795184701,"a ""b"", c"\n' * 12
    data = good + body + b"\n" + good
    assert fast(data, "type,timeLogged,vmta") == reference(data, "type,timeLogged,vmta")


@settings(max_examples=150, deadline=None)
@given(hostile_files(), st.lists(st.integers(1, 400), min_size=1, max_size=12), st.booleans())
def test_any_split_into_polls_counts_the_same(data: bytes, steps: list[int], quick: bool) -> None:
    """What one poll leaves over waits for the next one; nothing is lost and nothing counted twice."""
    whole, used, _ = read_piece(data, "", host="mta1", isps=ISPS, smallest=64 if quick else 1 << 20)
    parts, header, offset, end = [], "", 0, 0
    for step in [*steps, len(data)]:
        end = min(len(data), end + step)
        part, taken, header = read_piece(data[offset:end], header, host="mta1", isps=ISPS, smallest=64)
        parts.append(part)
        offset += taken
    assert add_up(parts) == whole
    assert offset == used


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet=st.sampled_from('ab019.:-@ [<"ÀK\u0660\nTZ_S/'), max_size=60) | st.text(max_size=40))
def test_rust_and_python_mask_alike(text: str) -> None:
    by_rust = pl.Series([text]).str.slice(0, RAW_LENGTH).str.replace_all(RUST_VARIABLE, MASK)[0]
    assert by_rust == masked(text)


def test_polars_reads_a_sound_piece_at_once() -> None:
    """Line breaks and doubled quotes inside quotes, any number of them, do not send a piece to the reference."""
    body = (row("t", dsnDiag='smtp;421 4.7.0 one\r\n421 4.7.0 "two", three') + row("d")).encode() * 400
    frames = Frames([body], Header.parse(SHORT), Reading(ISPS, smallest=64))
    assert [frame.records for frame in frames] == [800]
    assert fast(body, SHORT) == reference(body, SHORT)


@settings(max_examples=150, deadline=None)
@given(hostile_files(), st.lists(st.integers(1, 300), min_size=1, max_size=12))
def test_any_blocks_of_a_stream_count_the_same(data: bytes, sizes: list[int]) -> None:
    """Cuts fall anywhere: in a quoted line break, in the header, in a character; what was begun ahead is begun anew."""
    blocks, start = [], 0
    for size in [*sizes, len(data)]:
        blocks.append(data[start : start + size])
        start += size
    frames = Frames([block for block in blocks if block], None, Reading(ISPS, smallest=64), final=True)
    fold = Fold("mta1")
    for frame in frames:
        fold.add(frame)
    assert replace(fold.total(), bad=frames.bad) == reference(data)
    assert frames.rest == b""


@settings(max_examples=100, deadline=None)
@given(sound_files() | hostile_files(), st.integers(0, 3))
def test_over_the_bound_of_templates_both_ways_keep_the_same(data: bytes, templates: int) -> None:
    """Rows of later pieces meet the names that earlier ones took."""
    frames = Frames(columns.whole_lines(data), None, Reading(ISPS, smallest=64), final=True)
    fold = Fold("mta1", templates)
    for frame in frames:
        fold.add(frame)
    expected = roll_up(RowReader(data, None, final=True), host="mta1", isps=ISPS, templates=templates)
    assert replace(fold.total(), bad=frames.bad) == expected


@pytest.mark.parametrize("details", [frozenset(), frozenset({"reply"}), frozenset({"job"})])
def test_fewer_details_leave_the_rest_as_it_is(details: frozenset[str]) -> None:
    hosted = row("t", domain="corp.example", queue="", dsnMta="aspmx.l.google.com")
    body = (row("d", queue="") + hosted + row("b", domain="aol.com", queue="")).encode() * 200
    frames = [Reading(ISPS, details=asked, smallest=64).at_once(body, Header.parse(SHORT)) for asked in (details, ALL)]
    some, every = frames
    assert some
    assert every
    for name in {"at", "kind", "isp", "hosted"} | details:
        assert some.others[name].equals(every.others[name])
    assert some.delivered.select("at", "isp", "hosted").equals(every.delivered.select("at", "isp", "hosted"))
    assert set(some.others["isp"]) == {"gmail", "yahoo"}


def test_providers_are_told_right_when_the_table_of_them_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "_KNOWN_LIMIT", 3)
    names = ["gmail.com", "corp.example", "aol.com", "shop.example", "Gmail.com"]
    for count in (1, 3, 2, 5, 4):
        data = "".join(row("t", domain=name, dsnMta="") for name in names[:count] * 40).encode()
        assert fast(data, SHORT) == reference(data, SHORT)


def test_pieces_read_side_by_side_come_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was begun ahead counts once, also where a piece in between goes to the reference or changes the header."""
    monkeypatch.setattr(columns, "PIECE", 4096)
    turned = ",".join(reversed(SHORT.split(",")[1:]))
    parts = [row("d").encode() * 300, b'd,"broken"x\r\n', row("t").encode() * 300, f"type,{turned}\r\n".encode()]
    data = b"".join([*parts, row("b").encode() * 200, SHORT.encode() + b"\r\n", row("d").encode() * 300])
    frames = Frames(columns.whole_lines(data), Header.parse(SHORT), Reading(ISPS, smallest=256), final=True)
    assert sum(frame.records for frame in frames) == 1101
    assert fast(data, SHORT) == reference(data, SHORT)


def test_one_bad_line_costs_little() -> None:
    """A bad line in a big piece sends only its surroundings to the reference."""
    good = row("d").encode() * 20_000
    data = good + b'd,"broken"x\r\n' + good
    assert fast(data, SHORT) == reference(data, SHORT)
    assert fast(data, SHORT).left_out == {"broken quoting": 1}


def test_every_column_of_the_default_header_finds_its_place() -> None:
    values = {name: name for name in HEADER.split(",")} | {
        "type": "t",
        "timeLogged": "1795184701",
        "dsnDiag": "smtp;421 no",
    }
    data = line([values[name] for name in HEADER.split(",")]).encode()
    (cell,) = fast(data * 2, HEADER).cells
    assert (cell.source_ip, cell.vmta, cell.reply) == ("dlvSourceIp", "vmta", "421 no")


@pytest.mark.parametrize("size", [100_000, 200_000])
def test_a_long_line_is_the_same_bad_row_both_ways(size: int) -> None:
    data = row("d").encode() * 50 + b"d," + b"x" * size + b"\r\n" + row("t").encode() * 50
    assert fast(data, SHORT) == reference(data, SHORT)
    assert sum(reference(data, SHORT).left_out.values()) == 1
