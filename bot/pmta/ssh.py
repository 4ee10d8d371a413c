"""`HostShell` over SSH: one kept connection for each host, several commands at once on it.

Knows when to connect, to reconnect and to give up; how is in `connection`, `command` and `retrying`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from bot.errors import HostKeyRefused, HostUnreachable, LoginRefused
from bot.pmta.command import Order, running
from bot.pmta.connection import Limits, Wire, connect
from bot.pmta.login import HostLogin
from bot.pmta.retrying import only_reads, with_retries

__all__ = ["HostLogin", "SshFleet"]

log = logging.getLogger(__name__)

COMMANDS_AT_ONCE = 8
"""On one host. sshd's MaxSessions is 10 by default."""


class KeptConnection:
    """The connection to one host: opened by the first who needs it, shared by all, opened anew after a loss."""

    def __init__(self, name: str, open_wire: Callable[[], Wire], wait_s: float) -> None:
        self._name = name
        self._open_wire = open_wire
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._wire: Wire | None = None
        self._opening: Future[Wire] | None = None
        self._closed = False

    def get(self) -> Wire:
        """An open connection. While one thread connects the others wait for it, and share its error."""
        with self._lock:
            if self._closed:
                raise HostUnreachable(self._name, "the bot is stopping; no command is run any more.")
            if self._wire and self._wire.is_active():
                return self._wire
            opening, mine = self._opening, Future[Wire]()
            if opening is None:
                self._opening = mine
        if opening is None:
            return self._open(mine)
        try:
            return opening.result(self._wait_s)
        except TimeoutError as e:
            raise HostUnreachable(self._name, f"no connection within {self._wait_s:g} s.") from e

    def _open(self, opening: Future[Wire]) -> Wire:
        try:
            wire = self._open_wire()
        except BaseException as e:
            with self._lock:
                self._opening = None
            opening.set_exception(e)
            raise
        with self._lock:
            lost, self._wire, self._opening = self._wire, wire, None
            closed = self._closed
        for gone in (lost, wire if closed else None):
            if gone:
                gone.hang_up()
        opening.set_result(wire)
        log.info("host connected", extra={"action": "ssh_connected", "host": self._name})
        return wire

    def close(self) -> None:
        with self._lock:
            self._closed = True
            wire = self._wire
        if wire:
            wire.hang_up()
            wire.join(timeout=5)


class SshFleet:
    """Every PMTA host the bot may enter. Implements `ports.HostShell`; thread-safe."""

    def __init__(
        self,
        logins: Sequence[HostLogin],
        known_hosts: Path,
        *,
        connect_timeout_s: float = 10,
        login_timeout_s: float = 10,
        keepalive_s: int = 20,
    ) -> None:
        self._known_hosts = known_hosts
        self._limits = Limits(connect_timeout_s, login_timeout_s, keepalive_s)
        self._stop = threading.Event()
        self._logins = {login.name: login for login in logins}
        self._slots = {name: threading.BoundedSemaphore(COMMANDS_AT_ONCE) for name in self._logins}
        self._kept: dict[HostLogin, KeptConnection] = {}
        for login in logins:
            self._keep(login)

    def run(self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20) -> bytes:
        """See `ports.HostShell.run`. Connecting has limits of its own, before `timeout_s` begins."""
        kept, order = self._order(host, argv, timeout_s, limit)

        def whole() -> bytes:
            with running(kept.get(), order) as output:
                return b"".join(output)

        with self._slot(order):
            return with_retries(whole, repeatable=only_reads(argv), budget_s=timeout_s, stop=self._stop)

    @contextmanager
    def stream(
        self, host: str, argv: tuple[str, ...], *, timeout_s: float, limit: int = 8 << 20
    ) -> Iterator[Iterator[bytes]]:
        """See `ranges.StreamingShell.stream`. Once the host has the command it is not tried again."""
        kept, order = self._order(host, argv, timeout_s, limit)
        with self._slot(order), ExitStack() as last:
            yield with_retries(
                lambda: last.enter_context(running(kept.get(), order)),
                repeatable=False,
                budget_s=timeout_s,
                stop=self._stop,
            )

    def _order(self, host: str, argv: tuple[str, ...], timeout_s: float, limit: int) -> tuple[KeptConnection, Order]:
        login = self._logins.get(host)
        if login is None:
            raise HostUnreachable(host, f"no such host; configured are {', '.join(self._logins) or 'none'}.")
        program = login.pmta if argv[0] == "pmta" else argv[0]
        return self._kept[login], Order(host, (program, *argv[1:]), timeout_s, limit)

    @contextmanager
    def _slot(self, order: Order) -> Iterator[None]:
        slot = self._slots[order.host]
        if not slot.acquire(timeout=order.timeout_s):
            sentence = f"{COMMANDS_AT_ONCE} commands were still running on it after {order.timeout_s:g} s."
            raise HostUnreachable(order.host, sentence)
        try:
            yield
        finally:
            slot.release()

    def close(self) -> None:
        """End all waits, cut all connections (which ends what still runs on the hosts)."""
        self._stop.set()
        for kept in self._kept.values():
            kept.close()

    def _keep(self, login: HostLogin) -> KeptConnection:
        """The kept connection of a login; hosts behind one jump host share the connection to it."""
        if login not in self._kept:
            jump = self._keep(_as_jump(login.jump)) if login.jump else None
            wait_s = login.hops * self._limits.all_s
            self._kept[login] = KeptConnection(login.name, lambda: self._connect(login, jump), wait_s)
        return self._kept[login]

    def _connect(self, login: HostLogin, jump: KeptConnection | None) -> Wire:
        if jump is None:
            return connect(login, self._known_hosts, self._limits)
        try:
            via = jump.get()
        except (HostUnreachable, HostKeyRefused, LoginRefused) as e:
            raise type(e)(login.name, f"its jump host {e}") from e
        return connect(login, self._known_hosts, self._limits, via)


def _as_jump(login: HostLogin) -> HostLogin:
    """The same login for all who jump through it, whatever each of them calls it; named by its address."""
    return replace(login, name=login.at, pmta="")
