"""What runs when: a poll per host, a look at hosts and incidents after polls, changes, clean-up. No logic."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from bot.core.beat import Beat
from bot.ports import Wake
from bot.services.apply import Apply
from bot.services.outages import Outages
from bot.services.poll import Poll
from bot.services.undo import Undo
from bot.services.watch import Watch

log = logging.getLogger(__name__)

EXPIRY_EVERY_S = 5
TEND_SOCKET_EVERY_S = 5
CLEAN_UP_EVERY_S = 60
POLL_WORKERS = 256
"""A host that does not answer holds its thread for 30 s and more, until its breaker opens. So there is room for many
of them at once; a thread is made when it is needed first, and waits."""
OTHER_WORKERS = 6
LOOK_AT_LEAST_S = 15.0
"""Time goes on while all polls hang: hosts go dark, holds and silences end."""
BREATH_S = 0.5
"""Between two looks at the incidents: with a hundred hosts some poll is always just done."""

Recurring = tuple[tuple[str, Callable[[], object]], ...]
"""(name, work)."""


class OnBeat(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """`core.beat` for APScheduler."""

    def __init__(self, beat: Beat) -> None:
        self._beat = beat

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        del now
        if previous_fire_time is None:
            return self._beat.first()
        return self._beat.after(previous_fire_time, random.uniform(-1, 1))


class Jobs:
    """Starts and stops the recurring work. A job that raises is logged and runs again at its next time."""

    def __init__(
        self,
        *,
        hosts: Sequence[str],
        poll: Poll,
        outages: Outages,
        watch: Watch,
        apply: Apply,
        undo: Undo,
        clean_up: Callable[[], int],
        tend_socket: Callable[[], None],
        wake: Wake,
        poll_every: timedelta,
    ) -> None:
        """`clean_up` does a piece of its work and returns 0 where nothing is left."""
        self._hosts = hosts
        self._poll = poll
        self._watch = watch
        self._looks: Recurring = (("outages", outages.tick), ("watch", self._look))
        self._changes: Recurring = (
            ("cut-off changes", apply.recover),
            ("cut-off undos", undo.recover),
            ("expiries", undo.expire_due),
        )
        self._clean_up = clean_up
        self._tend_socket = tend_socket
        self._wake = wake
        self._poll_every = poll_every
        self._polled = threading.Event()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch_loop, name="watch", daemon=True)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={
                "default": ThreadPoolExecutor(OTHER_WORKERS),
                "hosts": ThreadPoolExecutor(min(POLL_WORKERS, max(1, len(hosts)))),
            },
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Poll every host soon, then each at its interval; a poll that is still running is not started again."""
        now = datetime.now(UTC)
        for place, host in enumerate(self._hosts):
            poll = self._guarded(partial(self._poll_one, host), f"poll {host}")
            beat = Beat(now, self._poll_every, place, len(self._hosts))
            self._scheduler.add_job(poll, OnBeat(beat), executor="hosts")
        for name, work in self._changes:
            self._every(EXPIRY_EVERY_S, work, name)
        self._every(TEND_SOCKET_EVERY_S, self._tend_socket, "socket")
        self._every(CLEAN_UP_EVERY_S, self._clean_all, "clean-up")
        self._watcher.start()
        self._scheduler.start()

    def once(self) -> None:
        """All that recurs beside the polls, here and now: for who moves time by hand. What fails is raised."""
        for _, work in (*self._changes, *self._looks):
            work()

    def stop(self) -> None:
        """End after the work under way; nothing new starts. Harmless where nothing was started."""
        self._stopping.set()
        self._polled.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
            self._watcher.join()

    def _every(self, seconds: float, work: Callable[[], object], name: str) -> None:
        self._scheduler.add_job(self._guarded(work, name), "interval", seconds=seconds)

    def _clean_all(self) -> None:
        """A big fleet writes more in ten minutes than one piece takes away."""
        while not self._stopping.is_set() and self._clean_up():
            pass

    def _poll_one(self, host: str) -> None:
        self._poll.host(host)
        self._polled.set()

    def _watch_loop(self) -> None:
        """One look for however many hosts were polled meanwhile, so that many hosts cost no more looks."""
        looks = [self._guarded(work, name) for name, work in self._looks]
        while not self._stopping.is_set():
            self._polled.wait(LOOK_AT_LEAST_S)
            self._polled.clear()
            if not self._stopping.is_set():
                for look in looks:
                    look()
            self._stopping.wait(BREATH_S)

    def _look(self) -> None:
        self._watch.tick()
        self._wake()

    @staticmethod
    def _guarded(work: Callable[[], object], name: str) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except Exception:
                log.exception("job failed", extra={"action": "job_failed", "job": name})

        return run
