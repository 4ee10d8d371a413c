"""What happens to accounting files on a host: rotated, moved, cut, copied, replaced, hidden, deleted.

Whatever it is: nothing is counted twice, nothing that could still be read is lost, and what cannot be read is said.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.core.model import FilePosition, Tally
from bot.errors import HostError
from bot.pmta.files import FollowedFiles
from tests.accounting_rows import row
from tests.followed_host import HEAD, ISPS, FixedClock, Host, tally
from tests.local_shell import LocalShell

NOBODY = 65_534


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host that is followed already; the folder never is without a file."""
    host = Host(tmp_path)
    host.write("diag-0.csv", HEAD)
    host.write("acct-1.csv", HEAD + row("d", jobId="one"))
    host.poll()
    return host


def test_midnight_a_new_day_begins_a_new_file_and_the_old_one_gets_its_last_rows(host: Host) -> None:
    host.write("acct-1.csv", row("t"))
    host.write("acct-2.csv", HEAD + row("b"))
    assert tally(host.poll()) == Tally(deferred=1, bounced=1)
    assert tally(host.poll()) == Tally()


def test_the_next_number_at_max_size(host: Host) -> None:
    for number in range(2, 9):
        host.write(f"acct-2026-11-20-000{number}.csv", HEAD + row("d") * number)
        if number % 3 == 0:
            host.poll()
    host.poll()
    assert tally(host.total) == Tally(delivered=1 + sum(range(2, 9)))


def test_a_file_moved_into_a_folder_that_is_read_too(host: Host) -> None:
    host.write("acct-1.csv", row("t"))
    (host.folder / "old dir").mkdir()
    (host.folder / "acct-1.csv").rename(host.folder / "old dir" / "acct-1.csv")
    host.write("acct-1.csv", HEAD + row("b"))
    assert tally(host.poll()) == Tally(deferred=1, bounced=1)
    assert tally(host.total) == Tally(1, 1, 1)


def test_a_file_copied_to_another_disk_is_still_the_same_file(host: Host) -> None:
    host.write("acct-1.csv", row("t"))
    (host.folder / "old dir").mkdir()
    shutil.copyfile(host.folder / "acct-1.csv", host.folder / "old dir" / "acct-1.csv")
    (host.folder / "acct-1.csv").unlink()
    host.poll()
    assert tally(host.total) == Tally(1, 1)


def test_a_file_copied_and_cut_that_is_longer_again_already(host: Host) -> None:
    host.write("acct-1.csv", row("t"))
    shutil.copyfile(host.folder / "acct-1.csv", host.folder / "acct-1.old.csv")
    (host.folder / "acct-1.csv").write_text(HEAD + row("b", jobId="two") * 9, newline="")
    host.poll()
    assert tally(host.total) == Tally(1, 1, 9)


def test_a_file_copied_and_cut_as_logrotate_does(host: Host) -> None:
    host.write("acct-1.csv", row("t") * 2)
    host.poll()
    host.write("acct-1.csv", row("t"))
    shutil.copyfile(host.folder / "acct-1.csv", host.folder / "acct-1.old.csv")
    (host.folder / "acct-1.csv").write_text(HEAD + row("b"), newline="")
    host.poll()
    assert tally(host.total) == Tally(1, 3, 1)


def test_a_file_that_was_rewritten_longer_under_its_name_and_inode(host: Host) -> None:
    with (host.folder / "acct-1.csv").open("r+b") as file:
        file.write((HEAD + row("t", jobId="two", vmta="another") * 9).encode())
    assert tally(host.poll()) == Tally(deferred=9)
    host.write("acct-1.csv", row("b"))
    assert tally(host.poll()) == Tally(bounced=1)


def test_an_inode_given_to_a_new_file_of_another_name(host: Host) -> None:
    known = next(at for at in host.positions if at.path.endswith("acct-1.csv"))
    (host.folder / "acct-1.csv").unlink()
    host.write("acct-2.csv", HEAD + row("t", vmta="another") * 9)
    inode = (host.folder / "acct-2.csv").stat().st_ino
    reused = FilePosition(known.path, inode, known.offset, known.header, known.fingerprint)
    host.positions = (*(at for at in host.positions if at != known), reused)
    assert tally(host.poll()) == Tally(deferred=9)
    assert tally(host.poll()) == Tally()


def test_a_file_replaced_under_the_reading_stops_no_other(tmp_path: Path) -> None:
    def replace(argv: tuple[str, ...]) -> None:
        if argv[4] in ("zstd", "plain") and (tmp_path / "next").exists():
            (tmp_path / "next").rename(tmp_path / "acct-1.csv")

    host = Host(tmp_path, LocalShell(replace))
    host.write("acct-1.csv", HEAD + row("d"))
    host.write("diag-1.csv", HEAD)
    host.poll()
    host.write("acct-1.csv", row("t"))
    host.write("diag-1.csv", row("t"))
    host.write("next", HEAD + row("b", vmta="another") * 5)
    assert tally(host.poll()) == Tally(deferred=1)
    assert tally(host.poll()) == Tally(bounced=5)


def test_a_file_that_never_gives_its_bytes_is_named_and_stops_no_other(host: Host) -> None:
    (host.folder / "bin").mkdir()
    tail = host.folder / "bin" / "tail"
    tail.write_text('#!/bin/sh\ncase "$*" in *diag-0.csv) exit 1 ;; esac\nexec /usr/bin/tail "$@"\n')
    tail.chmod(0o755)
    shell = LocalShell(path=f"{host.folder}/bin:/usr/bin:/bin")
    host.files = FollowedFiles(shell, {"mta1": (f"{host.folder}/*.csv",)}, ISPS, FixedClock())
    for _ in range(3):
        host.write("diag-0.csv", row("t"))
        host.write("acct-1.csv", row("d"))
        assert tally(host.poll()) == Tally(delivered=1)
    assert host.gaps[0].startswith(f"{host.folder}/diag-0.csv: 3 polls in a row did not return the bytes asked for")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user may enter; pytest's own are closed."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_permission_lost_and_given_back(open_folder: Path) -> None:
    host = Host(open_folder, LocalShell(user=NOBODY))
    host.write("acct-1.csv", HEAD + row("d"))
    host.write("diag-1.csv", HEAD + row("t"))
    assert tally(host.poll()) == Tally(1, 1)
    (open_folder / "diag-1.csv").chmod(0o600)
    for _ in range(5):
        host.write("acct-1.csv", row("d"))
        host.write("diag-1.csv", row("t"))
        assert tally(host.poll()) == Tally(delivered=1)
        assert host.gaps == (
            f"no permission to read {open_folder}/diag-1.csv: add the SSH user to the group pmta, or set "
            "`world-readable yes` for the accounting file",
        )
    (open_folder / "diag-1.csv").chmod(0o644)
    assert tally(host.poll()) == Tally(deferred=5)
    assert host.gaps == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_permission_lost_between_the_listing_and_the_reading(open_folder: Path) -> None:
    def lose(argv: tuple[str, ...]) -> None:
        if argv[4] in ("zstd", "plain") and (open_folder / "lose").exists():
            (open_folder / "diag-1.csv").chmod(0o600)

    host = Host(open_folder, LocalShell(lose, user=NOBODY))
    host.write("acct-1.csv", HEAD + row("d"))
    host.write("diag-1.csv", HEAD + row("t"))
    assert tally(host.poll()) == Tally(1, 1)
    (open_folder / "lose").touch()
    host.write("acct-1.csv", row("d"))
    host.write("diag-1.csv", row("t"))
    assert tally(host.poll()) == Tally(delivered=1)
    assert tally(host.poll()) == Tally()
    assert host.gaps[0].startswith(f"no permission to read {open_folder}/diag-1.csv")
    (open_folder / "lose").unlink()
    (open_folder / "diag-1.csv").chmod(0o644)
    assert tally(host.poll()) == Tally(deferred=1)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_a_folder_closed_and_opened_again(open_folder: Path) -> None:
    host = Host(open_folder, LocalShell(user=NOBODY))
    host.write("acct-1.csv", HEAD + row("d"))
    host.write("old dir/acct-0.csv", HEAD + row("t"))
    (open_folder / "old dir").chmod(0o755)
    assert tally(host.poll()) == Tally(1, 1)
    (open_folder / "old dir").chmod(0o700)
    for _ in range(5):
        assert tally(host.poll()) == Tally()
        assert "old dir: add the SSH user" in host.gaps[0]
    (open_folder / "old dir").chmod(0o755)
    host.write("old dir/acct-0.csv", row("t"))
    assert tally(host.poll()) == Tally(deferred=1)


def test_a_disk_that_is_not_mounted_for_a_while(host: Host) -> None:
    (host.folder / "old dir").mkdir()
    (host.folder / "acct-1.csv").rename(host.folder / "old dir" / "acct-1.csv")
    host.poll()
    (host.folder / "old dir").rename(host.folder / "elsewhere")
    for _ in range(5):
        host.poll()
    (host.folder / "elsewhere").rename(host.folder / "old dir")
    host.poll()
    assert tally(host.total) == Tally(delivered=1)


def test_nothing_at_all_in_sight_is_an_error_and_forgets_nothing(host: Host) -> None:
    host.folder.rename(host.folder.parent / "elsewhere")
    with pytest.raises(HostError, match=r"mta1: no accounting file matches .* any more\."):
        host.poll()
    (host.folder.parent / "elsewhere").rename(host.folder)
    assert tally(host.poll()) == Tally()


def test_a_full_disk_is_said_and_what_was_torn_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "df").write_text(
        "#!/bin/sh\necho 'Filesystem 1024-blocks Used Available Capacity Mounted on'\n"
        "echo '/dev/sdb1 1000 1000 0 100% /var log'\n"
    )
    (tmp_path / "bin" / "df").chmod(0o755)
    host = Host(tmp_path, LocalShell(path=f"{tmp_path / 'bin'}:/usr/bin:/bin"))
    whole = row("t", dsnDiag='smtp;421 4.7.0 "busy", later')
    host.write("acct-1.csv", HEAD + row("d") + whole[:-20])
    assert tally(host.poll()) == Tally(delivered=1)
    assert host.gaps == ("the disk /var log is full: PowerMTA cannot log what happens until there is space",)
    host.write("acct-1.csv", "\r\n" + whole + row("d"))
    rolled = host.poll()
    assert tally(rolled) == Tally(delivered=1, deferred=1)
    assert sum(rolled.left_out.values()) == 1
    assert len(rolled.bad) == 1
