"""Where reading begins in files that were never read, and what any cutting into polls gives."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.accounting import RowReader
from bot.core.model import FilePosition, Tally
from bot.core.rollup import roll_up
from tests.accounting_rows import hostile_files, row
from tests.followed_host import HEAD, ISPS, NOW, Host, tally
from tests.local_shell import LocalShell


def test_the_first_start_reads_the_last_two_hours_only(tmp_path: Path) -> None:
    start = NOW - timedelta(hours=14)
    times = [start + timedelta(seconds=second) for second in range(0, 14 * 3600, 2)]
    rows = [row("d", f"{at:%Y-%m-%d %H:%M:%S}+0000", "a-domain-with-a-long-name.example") for at in times]
    host = Host(tmp_path)
    host.write("acct-1.csv", HEAD + "".join(rows))
    host.write("acct-0.csv", HEAD + row("b", "2026-11-19 01:00:00+0000") * 3000)
    rolled = host.poll()
    expected = 2 * 3600 // 2
    assert expected <= tally(rolled).delivered < expected + 2500
    assert tally(rolled).bounced == 0
    assert host.shell.bytes_out < (tmp_path / "acct-1.csv").stat().st_size / 2
    host.write("acct-0.csv", row("t"))
    assert tally(host.poll()) == Tally(deferred=1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hostile_files(), st.lists(st.integers(1, 500), min_size=1, max_size=5))
def test_any_cutting_into_polls_counts_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, steps: list[int]
) -> None:
    reader = RowReader(data, None)
    whole = roll_up(reader, host="mta1", isps=ISPS)
    host = Host(tmp_path_factory.mktemp("host"))
    host.write("diag-1.csv", HEAD)
    host.poll()
    for step in [*steps, len(data)]:
        piece, data = data[:step], data[step:]
        host.write("acct-1.csv", piece)
        host.poll()
    assert host.total == whole
    assert sum(at.offset for at in host.positions) == reader.position + len(HEAD)


def test_a_first_start_while_a_header_is_being_written(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.write("acct-1.csv", HEAD[:20])
    assert host.poll().rows == 0
    host.write("acct-1.csv", HEAD[20:] + row("t"))
    assert tally(host.poll()) == Tally(deferred=1)


def test_a_file_that_is_no_accounting_file_is_left_alone(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.write("acct-1.csv", b"\0\xff\n" * 60_000)
    assert host.poll().rows == 0
    host.write("acct-1.csv", "more\n")
    assert host.poll().left_out == {"no header before it": 1}


def test_a_first_start_that_finds_files_changing_is_tried_again(tmp_path: Path) -> None:
    def grow(argv: tuple[str, ...]) -> None:
        if argv[4] in ("zstd", "plain") and (tmp_path / "next").exists():
            (tmp_path / "next").rename(tmp_path / "acct-1.csv")

    host = Host(tmp_path, LocalShell(grow))
    host.write("acct-1.csv", HEAD + row("d"))
    host.write("next", HEAD + row("t"))
    assert host.poll().rows == 0
    assert "tries again" in host.gaps[0]
    assert tally(host.poll()) == Tally(deferred=1)
    assert not host.gaps


def test_times_without_an_offset_are_the_host_s(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.write("acct-2026-11-05-0000.csv", HEAD + row("t", "2026-11-20 09:25:01") + row("t", "11/05/2026 09:25:01"))
    new = host.files.read_new("mta1", (FilePosition("/gone", 1, 9, ""),), utc_offset=timedelta(hours=-5))
    assert {cell.minute for cell in new.roll_up.cells} == {1795184700, 1793888700}


def test_files_of_json_lines_are_followed_as_any_other(tmp_path: Path) -> None:
    line = '{{"type":"t","timeLogged":"{at}","queue":"gmail.com/v1","dsnDiag":"smtp;421 4.7.0 no"}}\n'
    old = "".join(line.format(at=f"2026-11-20 0{n % 10}:00:00+0000") for n in range(9) for _ in range(900))
    host = Host(tmp_path)
    host.write("acct-1.csv", old + line.format(at="2026-11-20 14:00:00+0000") * 3)
    assert 3 <= tally(host.poll()).deferred < 4_000
    text = line.format(at="2026-11-20 14:25:01+0000")
    host.write("acct-1.csv", text + text[:30])
    assert tally(host.poll()) == Tally(deferred=1)
    host.write("acct-1.csv", text[30:])
    assert tally(host.poll()) == Tally(deferred=1)
