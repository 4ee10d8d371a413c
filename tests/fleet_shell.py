"""The simulated fleet behind `ports.HostShell`, without SSH: for whole-bot tests in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.errors import AnswerTooLong, CommandFailed, HostUnreachable
from bot.sim.fleet.fleet import Fleet
from tests.local_shell import LocalShell

Argv = tuple[str, ...]


class FleetShell:
    """`pmta` is answered by the fleet, every other program really runs here. Hosts in `dark` do not answer.

    `changed` are the commands that were not questions. `answers` puts something else in place of an answer of
    `pmta`: it gets (host, argv, what was printed).
    """

    def __init__(self, fleet: Fleet) -> None:
        self.dark: set[str] = set()
        self.changed: list[tuple[str, Argv]] = []
        self.answers: Callable[[str, Argv, str], str] = lambda _host, _argv, printed: printed
        self.local = LocalShell()
        self._fleet = fleet

    def run(self, host: str, argv: Argv, *, timeout_s: float, limit: int = 8 << 20) -> bytes:
        if host in self.dark:
            raise HostUnreachable(host, "no answer within 10 s.")
        if argv[0] != "pmta":
            return self.local.run(host, argv, timeout_s=timeout_s, limit=limit)
        if "show" not in argv:
            self.changed.append((host, argv))
        answer = self._fleet.pmta(host, argv[1:])
        if answer.status:
            raise CommandFailed(host, answer.stderr.strip(), status=answer.status, said=answer.stderr)
        printed = self.answers(host, argv, answer.stdout).encode()
        if len(printed) > limit:
            raise AnswerTooLong(host, f"more than {limit} bytes")
        return printed

    @contextmanager
    def stream(self, host: str, argv: Argv, *, timeout_s: float, limit: int = 8 << 20) -> Iterator[Iterator[bytes]]:
        yield iter([self.run(host, argv, timeout_s=timeout_s, limit=limit)])
