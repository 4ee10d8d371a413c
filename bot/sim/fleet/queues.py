"""Mail and the queues it waits in. Times are whole epoch seconds of simulated time."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from typing import Final

from bot.sim.fleet.replies import ReplyText
from bot.sim.fleet.settings import Limits
from bot.sim.fleet.topology import Mailbox

IDLE_S: Final = 300
"""An empty queue in its normal state is gone after this long."""
MODE_EVENTS: Final = 10


class Mail:
    """One recipient of one message, from submission to its last record."""

    __slots__ = ("box", "job", "local", "orig", "queued_at", "size", "sticky")

    def __init__(self, box: Mailbox, local: str, orig: str, job: str, size: int, queued_at: int) -> None:
        self.box = box
        self.local = local
        self.orig = orig
        self.job = job
        self.size = size
        self.queued_at = queued_at
        self.sticky: ReplyText | None = None


class Event:
    """Something that went wrong (or a mode change) in a queue; `text` as PMTA words it, `reply` for the table."""

    __slots__ = ("at", "kind", "reply", "text")

    def __init__(self, kind: str, at: int, text: str, reply: str = "") -> None:
        self.kind = kind
        self.at = at
        self.text = text
        self.reply = reply or text


class Queue:
    """`domain/vmta`: recipients ready, waiting for a retry, or held with a paused job; mode and pause."""

    def __init__(self, domain: str, vmta: str, at: int) -> None:
        self.domain = domain
        self.vmta = vmta
        self.name = f"{domain}/{vmta}"
        self.ready: deque[Mail] = deque()
        self.waiting: list[tuple[int, int, Mail]] = []
        self.held: list[Mail] = []
        self.bytes = 0
        self.connections = 0
        self.paused = False
        self.mode = "normal"
        self.backoff_until: int | None = None
        self.retry_step = 0
        self.retry_at = 0
        self.failures = 0
        self.delivered_at = 0
        self.disabled: dict[str, int | None] = {}
        self.errors: deque[Event] = deque(maxlen=10)
        self.modes: deque[Event] = deque(maxlen=MODE_EVENTS)
        self.credit = 0.0
        self.attempts = 0
        self.activity = 0.0
        self.turn = 0
        self.used_at = at
        self.throttled_at = 0
        self.limits: Limits | None = None
        self._sequence = 0

    @property
    def recipients(self) -> int:
        return len(self.ready) + len(self.waiting) + len(self.held)

    @property
    def kbytes(self) -> float:
        return self.bytes / 1024

    def add(self, mail: Mail) -> None:
        self.ready.append(mail)
        self.bytes += mail.size

    def take(self) -> Mail:
        """The next ready recipient, out of the queue's hands until it is done or put off."""
        return self.ready.popleft()

    def done(self, mail: Mail) -> None:
        self.bytes -= mail.size

    def put_off(self, mail: Mail, until: int) -> None:
        self._sequence += 1
        heapq.heappush(self.waiting, (until, self._sequence, mail))

    def wake_due(self, at: int) -> None:
        while self.waiting and self.waiting[0][0] <= at:
            self.ready.append(heapq.heappop(self.waiting)[2])

    def wake_all(self) -> None:
        self.wake_due(1 << 60)

    def release(self, job: str) -> None:
        """Let recipients of a job that is no longer paused go on."""
        self.ready.extend(mail for mail in self.held if mail.job == job)
        self.held = [mail for mail in self.held if mail.job != job]

    def all_mail(self) -> Iterator[Mail]:
        yield from self.ready
        yield from (mail for _, _, mail in self.waiting)
        yield from self.held

    def source(self, sources: tuple[str, ...]) -> str | None:
        """The next source IP that is not disabled here, in turn; None where all are."""
        free = [ip for ip in sources if ip not in self.disabled]
        if not free:
            return None
        self.turn += 1
        return free[self.turn % len(free)]

    def set_mode(self, mode: str, at: int, why: str, until: int | None = None) -> None:
        self.backoff_until = until if mode == "backoff" else None
        if mode == self.mode:
            return
        self.mode = mode
        self.limits = None
        self.credit = 0.0
        self.modes.appendleft(Event("mode", at, f"{mode}: {why}"))

    def expire(self, at: int) -> None:
        """Take back what was set for a time."""
        for ip in [ip for ip, until in self.disabled.items() if until is not None and until <= at]:
            del self.disabled[ip]
        if self.backoff_until is not None and self.backoff_until <= at:
            self.set_mode("normal", at, "time is up")

    def is_gone(self, at: int) -> bool:
        """True where nothing is left that the queue would have to remember."""
        kept = self.recipients or self.paused or self.disabled or self.mode != "normal"
        return not kept and at - self.used_at >= IDLE_S
