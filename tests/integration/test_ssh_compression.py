"""What a real host can compress with decides what goes over the wire, never what is counted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.core.model import FilePosition, Tally
from bot.errors import HostError
from bot.pmta.appended import STREAMED_FROM
from bot.pmta.files import FollowedFiles
from bot.pmta.ssh import SshFleet
from bot.ports import NewRecords
from tests.accounting_rows import row
from tests.followed_host import HEAD, ISPS, FixedClock, tally
from tests.sshd import running_sshd

pytestmark = pytest.mark.sshd

NEEDED = ("sh", "tail", "head", "stat", "sleep")


@dataclass
class Wire:
    """`ranges.StreamingShell` over SSH that notes how what came was compressed, and how much it was."""

    fleet: SshFleet
    taken: list[str] = field(default_factory=list)
    came: int = 0

    def run(self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20) -> bytes:
        return self.fleet.run(host, argv, timeout_s=timeout_s, limit=limit)

    @contextmanager
    def stream(
        self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20
    ) -> Iterator[Iterator[bytes]]:
        self.taken.append(argv[4])
        with self.fleet.stream(host, argv, timeout_s=timeout_s, limit=limit) as output:
            yield map(self._noted, output)

    def _noted(self, block: bytes) -> bytes:
        self.came += len(block)
        return block


class Site:
    """A host that has nothing on its PATH but what is needed and `tools`."""

    def __init__(self, root: Path, tools: tuple[str, ...]) -> None:
        self.root = root
        self.bin = root / "bin"
        self.bin.mkdir()
        for tool in (*NEEDED, *tools):
            self.link(tool)
        self.path = root / "acct-1.csv"
        self.path.write_text(HEAD, newline="")
        self.positions: tuple[FilePosition, ...] = (FilePosition(str(self.path), self.path.stat().st_ino, 0, ""),)

    def link(self, tool: str) -> None:
        found = shutil.which(tool, path="/usr/bin:/bin")
        assert found, f"{tool} is needed here (Debian: apt-get install {tool})"
        (self.bin / tool).symlink_to(found)

    def fake(self, tool: str, script: str) -> None:
        (self.bin / tool).write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        (self.bin / tool).chmod(0o755)

    def write(self, rows: int) -> None:
        with self.path.open("a", newline="") as file:
            file.write((row("t") + row("d")) * (rows // 2))

    @contextmanager
    def followed(self, slow_links: tuple[str, ...] = ()) -> Iterator[Wire]:
        with running_sshd(self.root / "sshd", self.bin, bare=True) as server:
            known_hosts = self.root / "known_hosts"
            known_hosts.write_text(server.known_hosts_lines())
            fleet = SshFleet([server.login("mta1")], known_hosts)
            wire = Wire(fleet)
            self.files = FollowedFiles(
                wire, {"mta1": (f"{self.root}/acct-*.csv",)}, ISPS, FixedClock(), slow_links=slow_links
            )
            try:
                yield wire
            finally:
                fleet.close()

    def poll(self) -> Tally:
        new: NewRecords = self.files.read_new("mta1", self.positions)
        self.positions = new.positions
        return tally(new.roll_up)


@pytest.mark.parametrize(
    ("tools", "slow", "expected"),
    [
        (("zstd", "lz4", "gzip"), False, "zstd"),
        (("lz4", "gzip"), False, "lz4"),
        (("gzip",), False, "plain"),
        (("gzip",), True, "gzip"),
        ((), True, "plain"),
    ],
)
def test_with_every_tool_absent_in_turn(tmp_path: Path, tools: tuple[str, ...], slow: bool, expected: str) -> None:
    site = Site(tmp_path, tools)
    with site.followed(("mta1",) if slow else ()) as wire:
        size = 0
        for rows in (2, 4_000, 120_000):  # a few, by the reference; by columns; while they arrive
            site.write(rows)
            size = site.path.stat().st_size - size
            before = wire.came
            assert site.poll() == Tally(rows // 2, rows // 2)
        assert size > STREAMED_FROM
        assert (wire.came - before < size / 5) is (expected != "plain")
    assert wire.taken == [expected] * 3


def test_a_tool_that_is_there_and_does_not_start_is_none(tmp_path: Path) -> None:
    site = Site(tmp_path, ("lz4",))
    site.fake("zstd", "echo 'libzstd.so.1: cannot open shared object file' >&2; exit 127")
    with site.followed() as wire:
        site.write(10)
        assert site.poll() == Tally(5, 5)
    assert wire.taken == ["lz4"]


@pytest.mark.parametrize("rows", [10, 120_000])
@pytest.mark.parametrize("tool", ["zstd", "lz4", "gzip"])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("| head -c 200", r"(was cut off; nothing of it is counted|data expected from)"),
        ("| tr '\\000-\\377' '\\001-\\377\\000'", r"data expected from `\w+ -1`, found b"),
        (">/dev/null; exit 1", r"(was cut off; nothing of it is counted|data expected from)"),
    ],
    ids=["cut", "changed", "gone"],
)
def test_a_stream_that_is_no_good_is_said_and_nothing_of_it_counted(
    tmp_path: Path, tool: str, rows: int, fault: str, said: str
) -> None:
    """The tool works when it is asked for, and breaks when it matters. Without it all is there."""
    site = Site(tmp_path, ())
    broken = tmp_path / "broken"
    site.fake(tool, f'if [ -e {broken} ]; then {tool} "$@" {fault}; else exec {tool} "$@"; fi')
    with site.followed(("mta1",)) as wire:
        assert site.poll() == Tally()
        site.write(rows)
        broken.touch()
        before = site.positions
        with pytest.raises(HostError, match=said):
            site.poll()
        assert site.positions == before
        (site.bin / tool).unlink()
        assert site.poll() == Tally(rows // 2, rows // 2)
        assert site.poll() == Tally()
    assert wire.taken[-1] == "plain"
