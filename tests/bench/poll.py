"""One poll of the last minute of a one-hour file over a real sshd, against the article's way: awk over all of it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.core.model import FilePosition
from bot.pmta.columns import read_piece
from bot.pmta.files import FollowedFiles
from bot.pmta.ssh import SshFleet
from tests.accounting_rows import HEADER
from tests.bench import awk
from tests.bench.table import Measured, print_line, print_table
from tests.bench.worker import ISPS
from tests.sshd import SSHD, Sshd

_TIMEOUT_S = 120.0


class CountingShell:
    """`ranges.StreamingShell` that counts what came back."""

    def __init__(self, shell: SshFleet) -> None:
        self._shell = shell
        self.bytes = 0

    def run(self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20) -> bytes:
        answer = self._shell.run(host, argv, timeout_s=timeout_s, limit=limit)
        self.bytes += len(answer)
        return answer

    @contextmanager
    def stream(
        self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20
    ) -> Iterator[Iterator[bytes]]:
        with self._shell.stream(host, argv, timeout_s=timeout_s, limit=limit) as output:
            yield map(self._counted, output)

    def _counted(self, block: bytes) -> bytes:
        self.bytes += len(block)
        return block


class HourLater:
    def now(self) -> datetime:
        return datetime(2026, 11, 20, 15, tzinfo=UTC)


@dataclass
class Bench:
    """A served host with a file, and the byte where its last minute begins."""

    server: Sshd
    shell: CountingShell
    path: Path
    start: int
    followed: dict[Path, FollowedFiles] = field(default_factory=dict)

    def poll(self, path: Path, start: int) -> int:
        """Rows that were new."""
        files = self.followed.setdefault(path, FollowedFiles(self.shell, {"mta1": [str(path)]}, ISPS, HourLater()))
        position = FilePosition(str(path), path.stat().st_ino, start, HEADER)
        return files.read_new("mta1", [position]).roll_up.rows

    def awk(self, tool: str, locale: str) -> object:
        argv = ("env", f"LC_ALL={locale}", tool, "-F,", awk.ONE_LINER, str(self.path))
        return self.shell.run("mta1", argv, timeout_s=_TIMEOUT_S)

    def timed(self, work: Callable[[], object]) -> tuple[float, float, int]:
        """Seconds, seconds of CPU on the host's side, bytes that came back."""
        cpu, self.shell.bytes, began = self._host_cpu(), 0, time.perf_counter()
        work()
        return time.perf_counter() - began, self._host_cpu() - cpu, self.shell.bytes

    def _host_cpu(self) -> float:
        """Of every process of the server and what they have run."""
        return sum(map(_cpu, _family(int((self.server.root / "pid").read_text()))))


def run(path: Path, runs: int) -> None:
    if not shutil.which(SSHD):
        print_line(
            f"\n{SSHD} is not installed: the poll over SSH is left out (Debian: apt-get install openssh-server)."
        )
        return
    bigger = path.with_name("bigger.csv")
    server = Sshd(path.parent / "sshd")
    server.start()
    known_hosts = path.parent / "known_hosts"
    known_hosts.write_text(server.known_hosts_lines())
    fleet = SshFleet([server.login("mta1")], known_hosts)
    try:
        bench = Bench(server, CountingShell(fleet), path, last_minute(path))
        _measure(bench, bigger, runs)
    finally:
        bigger.unlink(missing_ok=True)
        fleet.close()
        server.stop()


def _measure(bench: Bench, bigger: Path, runs: int) -> None:
    new = bench.path.stat().st_size - bench.start
    size = bench.path.stat().st_size
    with bench.path.open("rb") as file:
        file.seek(bench.start)
        data = file.read()
    with bigger.open("wb") as file:  # ten times as long, with a hole where nobody reads
        file.seek(10 * size - new - 1)
        file.write(b"\n" + data)
    ways: dict[str, Callable[[], object]] = {
        "one poll": lambda: bench.poll(bench.path, bench.start),
        "one poll, file 10 x as big": lambda: bench.poll(bigger, 10 * size - new),
        "the same bytes counted here": lambda: read_piece(data, HEADER, host="mta1", isps=ISPS),
    }
    for name, (tool, locale) in awk.installed().items():
        ways[name] = lambda tool=tool, locale=locale: bench.awk(tool, locale)  # type: ignore[misc]
    rows = bench.poll(bench.path, bench.start)
    taken = {name: [bench.timed(work) for _ in range(runs)] for name, work in ways.items()}
    median = {name: Measured(name, [s for s, _, _ in found], rows).median for name, found in taken.items()}
    cpu = {name: Measured(name, [c for _, c, _ in found], rows).median for name, found in taken.items()}
    first = "one poll"
    lines = [
        [name, f"{median[name]:.3f}", f"{median[name] / median[first]:.1f}", f"{cpu[name]:.2f}",
         f"{cpu[name] / max(cpu[first], 0.01):.0f}", f"{max(b for _, _, b in taken[name]) / 1e6:.2f}"]
        for name in ways
    ]  # fmt: skip
    columns = [f"{rows:,} new rows of {size / 1e6:,.0f} MB", "s", "x one poll", "host CPU s", "x one poll", "MB back"]
    print_table(f"One poll over SSH ({new / 1e6:.1f} MB new)", columns, lines)
    speed = median["the same bytes counted here"] / median[first]
    print_line(f"\nEnd to end over SSH: {speed:.2f} x the speed of the roll-up alone.")


def last_minute(path: Path) -> int:
    """The byte where the last sixtieth of the records begins."""
    with path.open("rb") as file:
        file.seek(path.stat().st_size // 60 * 59)
        file.readline()
        return file.tell()


def _cpu(pid: int) -> float:
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(each for child in below for each in _family(int(child)))]
