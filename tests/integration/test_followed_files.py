"""Following accounting files with the sh scripts that run on a host, here on this machine."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.core.model import FilePosition, Tally
from bot.errors import HostError
from bot.pmta.files import FollowedFiles
from tests.accounting_rows import row
from tests.followed_host import HEAD, ISPS, FixedClock, Host, tally
from tests.local_shell import LocalShell
from tests.tools import link


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host whose files are being followed already: the first poll is done."""
    host = Host(tmp_path)
    host.write("acct-1.csv", HEAD + row("d"))
    host.poll()
    return host


def test_only_what_was_appended_is_read(host: Host) -> None:
    assert tally(host.total) == Tally(delivered=1)
    before = host.shell.bytes_out
    host.write("acct-1.csv", row("t") + row("d"))
    assert tally(host.poll()) == Tally(delivered=1, deferred=1)
    assert host.shell.bytes_out - before < 600
    assert tally(host.poll()) == Tally()
    assert len(host.positions) == 1


def test_one_poll_is_two_commands(host: Host) -> None:
    host.write("acct-1.csv", row("t"))
    host.write("diag-1.csv", HEAD + row("tq"))
    before = len(host.shell.commands)
    assert tally(host.poll()) == Tally(deferred=1, queue_deferred=1)
    assert len(host.shell.commands) - before == 2


def test_a_half_written_line_waits(host: Host) -> None:
    whole = row("t", dsnDiag='smtp;421 4.7.0 first\r\n421 4.7.0 "second", third')
    for cut in range(0, len(whole), 9):
        host.write("acct-1.csv", whole[cut : cut + 9])
        if cut + 9 < len(whole):
            assert host.poll().rows == 0
    assert tally(host.poll()) == Tally(deferred=1)
    assert host.positions[0].offset == (host.folder / "acct-1.csv").stat().st_size


def test_a_renamed_file_is_read_to_its_end_and_its_heir_from_the_start(host: Host) -> None:
    host.write("acct-1.csv", row("t"))
    (host.folder / "old dir").mkdir()
    (host.folder / "acct-1.csv").rename(host.folder / "old dir" / "acct-1.csv")
    host.write("acct-1.csv", HEAD + row("b") * 2)
    assert tally(host.poll()) == Tally(deferred=1, bounced=2)
    assert tally(host.poll()) == Tally()


def test_a_replaced_file_is_read_from_the_start(host: Host) -> None:
    host.write("new", HEAD + row("t") * 3)
    (host.folder / "new").rename(host.folder / "acct-1.csv")
    assert tally(host.poll()) == Tally(deferred=3)


def test_a_cut_file_is_read_from_the_start(host: Host) -> None:
    host.write("acct-1.csv", row("d") * 5)
    host.poll()
    (host.folder / "acct-1.csv").write_text(HEAD + row("t"), newline="")
    assert tally(host.poll()) == Tally(deferred=1)


def test_a_new_file_is_read_from_the_start_and_each_has_its_own_header(host: Host) -> None:
    host.write("diag.csv", "type,queue,timeLogged\ntq,yahoo.rollup/v,1795184701\n")
    host.write("acct-2.csv", "")
    assert tally(host.poll()) == Tally(queue_deferred=1)
    host.write("diag.csv", "tq,yahoo.rollup/v,1795184701\n")
    host.write("acct-2.csv", HEAD + row("t"))
    assert tally(host.poll()) == Tally(queue_deferred=1, deferred=1)


def test_a_deleted_file_is_forgotten_in_the_end(host: Host) -> None:
    host.write("acct-2.csv", HEAD)
    host.poll()
    (host.folder / "acct-1.csv").unlink()
    for _ in range(3):
        host.poll()
    assert [Path(at.path).name for at in host.positions] == ["acct-2.csv"]


def test_a_file_missing_from_one_listing_is_not_counted_again(host: Host) -> None:
    host.write("acct-2.csv", HEAD)
    host.poll()
    (host.folder / "acct-1.csv").rename(host.folder / "elsewhere")
    host.poll()
    (host.folder / "elsewhere").rename(host.folder / "acct-1.csv")
    assert host.poll().rows == 0


def test_an_old_inode_with_a_new_name_and_other_bytes_is_a_new_file(host: Host) -> None:
    """A file system gives the inode of a deleted file away at once: its offset means nothing in the new file."""
    (old,) = host.positions
    host.write("acct-2.csv", HEAD + row("t") * 4)
    (host.folder / "acct-1.csv").unlink()
    inode = (host.folder / "acct-2.csv").stat().st_ino
    host.positions = (FilePosition(old.path, inode, old.offset + 7, old.header),)
    assert tally(host.poll()) == Tally(deferred=4)


def test_no_files_yet_is_no_fault(tmp_path: Path) -> None:
    assert Host(tmp_path).poll().rows == 0


@pytest.mark.parametrize("name", ["acct-a b.csv", "acct-$(touch hacked).csv", "acct-'\".csv", "acct-*.csv"])
def test_odd_file_names_are_only_names(tmp_path: Path, name: str) -> None:
    host = Host(tmp_path)
    host.write(name, HEAD + row("t"))
    assert tally(host.poll()) == Tally(deferred=1)
    assert [path.name for path in tmp_path.iterdir()] == [name]


class Refusing(LocalShell):
    """Says of one file that it may not be read (root may read everything)."""

    def run(self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20) -> bytes:
        answer = super().run(host, argv, timeout_s=timeout_s, limit=limit)
        return b"unreadable /var/log/pmta/diag.csv\n" * (argv[4] not in ("zstd", "plain")) + answer


NO_PERMISSION = r"no permission to read /var/log/pmta/diag.csv: add the SSH user to the group pmta"


def test_an_unreadable_file_is_a_gap_and_stops_no_other(host: Host) -> None:
    host.write("acct-1.csv", row("t"))
    refused = FollowedFiles(Refusing(), {"mta1": (f"{host.folder}/*",)}, ISPS, FixedClock())
    new = refused.read_new("mta1", host.positions)
    assert tally(new.roll_up) == Tally(deferred=1)
    (gap,) = new.gaps
    assert gap.startswith(NO_PERMISSION)


def test_nothing_but_unreadable_files_is_an_error(host: Host) -> None:
    refused = FollowedFiles(Refusing(), {"mta1": ("/var/log/no such folder/*",)}, ISPS, FixedClock())
    with pytest.raises(HostError, match="mta1: " + NO_PERMISSION):
        refused.read_new("mta1", host.positions)


@pytest.mark.parametrize("tools", [("zstd",), ()])
def test_it_works_with_and_without_zstd(tmp_path: Path, tools: Sequence[str]) -> None:
    wanted = ("sh", "tail", "head", "stat", *tools)
    (tmp_path / "bin").mkdir()
    for tool in wanted:
        link(tool, tmp_path / "bin")
    host = Host(tmp_path, LocalShell(path=str(tmp_path / "bin")))
    host.write("acct-1.csv", HEAD + row("d") * 2000)
    host.poll()
    assert tally(host.total) == Tally(delivered=2000)
    assert (host.shell.bytes_out < 60_000) is bool(tools)


def test_it_works_without_stat(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "tail", "head", "ls", "wc"):
        link(tool, tmp_path / "bin")
    host = Host(tmp_path, LocalShell(path=str(tmp_path / "bin")))
    host.write("acct-1 2.csv", HEAD + row("d"))
    host.poll()
    host.write("acct-1 2.csv", row("t"))
    assert tally(host.poll()) == Tally(deferred=1)


def test_a_file_replaced_under_the_reading_is_not_counted_then(tmp_path: Path) -> None:
    def replace(argv: tuple[str, ...]) -> None:
        if argv[4] in ("zstd", "plain") and (tmp_path / "next").exists():
            (tmp_path / "next").rename(tmp_path / "acct-1.csv")

    host = Host(tmp_path, LocalShell(replace))
    host.write("acct-1.csv", HEAD + row("d"))
    host.poll()
    host.write("acct-1.csv", row("t") * 3)
    host.write("next", HEAD + row("b") * 50)
    assert host.poll().rows == 0
    assert tally(host.poll()) == Tally(bounced=50)


def test_bytes_that_never_come_are_said_in_the_end(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    link("sh", tmp_path / "bin")
    link("stat", tmp_path / "bin")
    host = Host(tmp_path, LocalShell(path=str(tmp_path / "bin")))
    host.write("acct-1.csv", HEAD + row("d"))
    assert host.poll().rows == 0
    assert host.poll().rows == 0
    with pytest.raises(HostError, match=r"mta1: 3 polls in a row did not return the bytes asked for"):
        host.poll()


def test_a_big_backlog_is_read_in_several_polls(tmp_path: Path) -> None:
    host = Host(tmp_path, poll_bytes=5 << 20)
    host.write("acct-1.csv", HEAD)
    host.write("diag-1.csv", HEAD)
    host.poll()
    host.write("acct-1.csv", row("d") * 100_000)
    host.write("diag-1.csv", row("t") * 10)
    first = host.poll()
    assert tally(first).deferred == 10  # a small file never waits for a big one
    while host.poll().rows:
        pass
    assert tally(host.total) == Tally(delivered=100_000, deferred=10)


def test_a_broken_zstd_is_said(host: Host) -> None:
    class Garbling(LocalShell):
        def run(self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20) -> bytes:
            answer = super().run(host, argv, timeout_s=timeout_s, limit=limit)
            return b"zstd: no space left" if argv[4] == "zstd" else answer

    host.write("acct-1.csv", row("t") * 1_000)
    garbled = FollowedFiles(Garbling(), {"mta1": (f"{host.folder}/*.csv",)}, ISPS, FixedClock())
    with pytest.raises(HostError, match=r"mta1: zstd data expected from `zstd -1`, found b'zstd: no space left"):
        garbled.read_new("mta1", host.positions)


def test_a_host_without_globs_has_nothing_to_read(host: Host) -> None:
    assert host.files.read_new("mta9", ()).positions == ()


def test_what_is_left_of_a_backlog_is_told(tmp_path: Path) -> None:
    host = Host(tmp_path, poll_bytes=1)
    host.write("acct-1.csv", HEAD + row("d"))
    host.poll()
    many = row("d") * 60_000
    host.write("acct-1.csv", many)
    new = host.files.read_new("mta1", host.positions)
    assert 0 < new.waiting <= (tmp_path / "acct-1.csv").stat().st_size - sum(at.offset for at in new.positions)


def test_files_that_are_all_out_of_sight_are_remembered(host: Host, tmp_path: Path) -> None:
    """A log volume that is not mounted for a minute: what was read is not read again afterwards."""
    (tmp_path / "acct-1.csv").rename(tmp_path / "hidden")
    for _ in range(9):
        with pytest.raises(HostError, match="no accounting file matches"):
            host.poll()
    (tmp_path / "hidden").rename(tmp_path / "acct-1.csv")
    host.write("acct-1.csv", row("t"))
    assert tally(host.poll()) == Tally(deferred=1)


def test_more_files_than_one_command_can_name(tmp_path: Path) -> None:
    lengths: list[int] = []
    host = Host(tmp_path, LocalShell(before=lambda argv: lengths.append(len(shlex.join(argv)))))
    names = [f"acct-{'x' * 200}-{n}.csv" for n in range(700)]
    for name in names:
        host.write(name, HEAD)
    host.poll()
    for n, name in enumerate(names):
        host.write(name, row("t", jobId=f"row {n}"))
    host.poll()
    assert {cell.job: tally.deferred for cell, tally in host.total.jobs.items()} == {f"row {n}": 1 for n in range(700)}
    assert 48 << 10 < max(lengths) < 128 << 10  # over SSH a command is one argument, and Linux takes no longer ones
