"""Accounting files packed with gzip on the host: read whole once, never beside the plain file they were made of."""

from __future__ import annotations

import gzip
import os
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.model import Tally
from tests.accounting_rows import row
from tests.followed_host import HEAD, NOW, Host, tally
from tests.local_shell import LocalShell
from tests.tools import link


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host that is followed already; the folder never is without a file."""
    host = Host(tmp_path)
    host.write("diag-0.csv", HEAD)
    host.write("acct-1.csv", HEAD + row("d", jobId="one"))
    host.poll()
    return host


def pack(host: Host, name: str, packed: str = "") -> Path:
    """What `gzip` does: another file with the same bytes and the same time, then the plain one is gone."""
    plain = host.folder / name
    into = host.folder / (packed or name + ".gz")
    into.write_bytes(gzip.compress(plain.read_bytes()))
    os.utime(into, (plain.stat().st_mtime, plain.stat().st_mtime))
    plain.unlink()
    return into


def age(path: Path, by: timedelta) -> None:
    at = (NOW - by).timestamp()
    os.utime(path, (at, at))


@pytest.mark.parametrize("tools", [True, False], ids=["with zstd and stat", "without"])
def test_a_packed_file_goes_on_where_its_plain_one_was_read_to(tmp_path: Path, tools: bool) -> None:
    shell = LocalShell()
    if not tools:
        (tmp_path / "bin").mkdir()
        for tool in ("sh", "tail", "head", "ls", "wc", "gzip"):
            link(tool, tmp_path / "bin")
        shell = LocalShell(path=str(tmp_path / "bin"))
    host = Host(tmp_path, shell)
    host.write("diag-0.csv", HEAD)
    host.write("acct-1.csv", HEAD + row("d"))
    host.poll()
    host.write("acct-1.csv", row("t") * 2)
    pack(host, "acct-1.csv")
    assert tally(host.poll()) == Tally(deferred=2)
    before = len(shell.commands)
    assert tally(host.poll()) == Tally()
    assert len(shell.commands) == before + 1  # the listing: it is done with
    assert tally(Host(tmp_path, shell).poll()) == Tally(1, 2)


def test_a_packed_file_with_another_number_in_its_name(host: Host) -> None:
    host.write("acct-1.csv", row("t"))
    pack(host, "acct-1.csv", "acct-7.csv.2.gz")
    host.poll()
    assert tally(host.total) == Tally(1, 1)


def test_both_forms_of_a_file_at_once_are_one_file(host: Host) -> None:
    plain = host.folder / "acct-1.csv"
    (host.folder / "acct-1.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    host.write("acct-1.csv", row("t"))
    host.poll()
    assert tally(host.total) == Tally(1, 1)
    pack(host, "acct-1.csv")
    host.poll()
    assert tally(host.total) == Tally(1, 1)


def test_a_packed_file_that_was_never_seen_plain_is_read_whole_once(host: Host) -> None:
    host.write("acct-9.csv", HEAD + row("t") * 5)
    pack(host, "acct-9.csv")
    age(host.folder / "acct-9.csv.gz", timedelta(0))
    assert tally(host.poll()) == Tally(deferred=5)
    assert tally(host.poll()) == Tally()


def test_an_old_packed_file_was_counted_long_ago(host: Host) -> None:
    host.write("acct-8.csv", HEAD + row("t") * 5)
    age(pack(host, "acct-8.csv"), timedelta(days=1))
    assert tally(host.poll()) == Tally()
    fresh = Host(host.folder)
    assert tally(fresh.poll()) == Tally(delivered=1)
    (host.folder / "acct-8.csv.gz").rename(host.folder / "acct-8b.csv.gz")
    assert tally(fresh.poll()) == Tally()


def test_a_big_packed_file_is_read_in_parts(tmp_path: Path) -> None:
    host = Host(tmp_path, poll_bytes=5 << 20)
    host.write("acct-1.csv", HEAD)
    host.poll()
    host.write("acct-2.csv", HEAD + row("d") * 80_000)
    pack(host, "acct-2.csv")
    polls = 0
    while tally(host.total).delivered < 80_000:
        host.poll()
        polls += 1
    assert polls > 1
    assert tally(host.poll()) == Tally()


def test_a_broken_packed_file_is_counted_as_far_as_it_goes_and_said(host: Host) -> None:
    whole = gzip.compress(HEAD.encode() + b"".join(row("t", jobId=str(n)).encode() for n in range(9_000)))
    path = host.folder / "acct-3.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    age(path, timedelta(0))
    first = tally(host.poll()).deferred
    assert 1_000 < first < 8_000
    assert "acct-3.csv.gz cannot be unpacked to its end" in host.gaps[0]
    assert tally(host.poll()) == Tally()
    assert len(host.gaps) == 1  # as long as it is there
    path.write_bytes(whole)
    age(path, timedelta(0))
    host.poll()
    assert tally(host.total) == Tally(1, 9_000)
    assert not host.gaps
