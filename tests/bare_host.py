"""A real OpenSSH server where nothing is on the PATH but what a test puts there, and a file that is followed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.model import FilePosition, Tally
from bot.pmta.files import FollowedFiles
from bot.pmta.ssh import SshFleet
from bot.pmta.time_limit import LimitedShell
from tests.accounting_rows import row
from tests.followed_host import HEAD, ISPS, FixedClock, tally
from tests.sshd import running_sshd
from tests.tools import link

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


class BareHost:
    """A server with two names, mta1 and mta2, each with a file of its own."""

    def __init__(self, root: Path, tools: tuple[str, ...]) -> None:
        self.root = root
        self.bin = root / "bin"
        self.bin.mkdir()
        for tool in (*NEEDED, *tools):
            self.link(tool)
        self.positions: dict[str, tuple[FilePosition, ...]] = {}
        for host in ("mta1", "mta2"):
            path = self.path(host)
            path.write_text(HEAD, newline="")
            self.positions[host] = (FilePosition(str(path), path.stat().st_ino, 0, ""),)

    def path(self, host: str = "mta1") -> Path:
        return self.root / f"acct-{host}.csv"

    def link(self, tool: str) -> None:
        """Put the machine's own one there."""
        link(tool, self.bin)

    def fake(self, tool: str, script: str) -> None:
        (self.bin / tool).unlink(missing_ok=True)
        (self.bin / tool).write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        (self.bin / tool).chmod(0o755)

    def write(self, rows: int, host: str = "mta1") -> None:
        with self.path(host).open("a", newline="") as file:
            file.write((row("t") + row("d")) * (rows // 2))

    @contextmanager
    def followed(self, slow_links: tuple[str, ...] = (), *, limit_s: float = 60) -> Iterator[Wire]:
        """Serve, and have the files read: everything of one poll within `limit_s`."""
        with running_sshd(self.root / "sshd", self.bin, bare=True) as server:
            known_hosts = self.root / "known_hosts"
            known_hosts.write_text(server.known_hosts_lines())
            fleet = SshFleet([server.login("mta1"), server.login("mta2")], known_hosts)
            wire = Wire(fleet)
            self.server = server
            self.limited = LimitedShell(wire, limit_s)
            globs = {host: (f"{self.path(host)}*",) for host in self.positions}
            self.files = FollowedFiles(self.limited, globs, ISPS, FixedClock(), slow_links=slow_links)
            try:
                yield wire
            finally:
                fleet.close()

    def poll(self, host: str = "mta1") -> Tally:
        with self.limited.within(host):
            new = self.files.read_new(host, self.positions[host])
        self.positions[host] = new.positions
        return tally(new.roll_up)
