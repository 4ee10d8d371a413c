"""One simulated PMTA host: takes mail in, works its queues second by second, writes accounting, obeys commands."""

from __future__ import annotations

import math
import re
from pathlib import Path
from random import Random
from typing import Final

from bot.sim.fleet import records
from bot.sim.fleet.accounting import Ledger
from bot.sim.fleet.config import parse_config
from bot.sim.fleet.counters import Counters
from bot.sim.fleet.default_config import write_default_config
from bot.sim.fleet.directives import seconds
from bot.sim.fleet.guesses import GUESSES
from bot.sim.fleet.providers import TICK_S, Providers, Verdict
from bot.sim.fleet.queues import Event, Mail, Queue
from bot.sim.fleet.settings import ATTEMPTS_PER_CONNECTION_S, Limits, Settings
from bot.sim.fleet.topology import default_source, routes_of
from bot.sim.fleet.traffic import Flow

_FAILURES_TO_WAIT: Final = 120
"""So many refusals in a row, without one delivery, put the whole queue into retry wait."""
_SMOOTH: Final = 0.3
"""How much of the last `TICK_S` seconds goes into the number of open connections shown."""
_NO_DELIVERY_S: Final = 60
"""A failed connection puts the queue into retry wait only where no other connection has delivered since."""


class Mta:
    """State of one host at `at` (epoch seconds). Not thread-safe: the fleet's lock guards it."""

    def __init__(self, name: str, number: int, hosts: int, root: Path, providers: Providers, seed: int) -> None:
        self.name = name
        self.full_name = f"{name}.example.com"
        self.providers = providers
        self.log_dir = root / name / "var" / "log" / "pmta"
        self.config_path = write_default_config(name, number, hosts, root / name / "etc" / "pmta", self.log_dir)
        self.settings = Settings(parse_config(self.config_path))
        self.queues: dict[str, Queue] = {}
        self.paused_jobs: set[str] = set()
        self.paused_patterns: set[tuple[str, str]] = set()
        self.counters = Counters()
        self.at = 0
        self.started_at = 0
        self._own_ip = default_source(number)
        self._rng = Random(f"{seed}/{name}/mail")
        self.ledger = Ledger(self.settings.acct_files(), Random(f"{seed}/{name}/files"))
        self._routes = routes_of(number, hosts)
        self._flows: list[Flow] = []

    # -- time ---------------------------------------------------------------------------------------------------

    def start(self, at: int) -> None:
        """Begin at `at`; nothing was sent before."""
        self.at = self.started_at = at
        self._flows = [Flow(route, self.sources(route.vmta), self.providers, self._rng, at) for route in self._routes]

    def step(self, at: int) -> None:
        """Live through the second that ends at `at`."""
        self.at = at
        for flow in self._flows:
            if flow.next_at <= at:
                for mail in flow.arrivals(at):
                    self._accept(mail, flow.route.vmta)
        for queue in self.queues.values():
            if queue.ready or (queue.waiting and queue.waiting[0][0] <= at):
                self._work(queue)
        if at % TICK_S == 0:
            self._look_after_queues()

    def _accept(self, mail: Mail, vmta: str) -> None:
        domain = self.settings.queue_domain(mail.box.domain, mail.box.mx)
        self.queue(domain, vmta).add(mail)
        self.counters.taken_in(self.at, mail.size)

    def _look_after_queues(self) -> None:
        gone = []
        for queue in self.queues.values():
            queue.expire(self.at)
            queue.activity += (queue.attempts / TICK_S - queue.activity) * _SMOOTH
            needed = math.ceil(queue.activity / ATTEMPTS_PER_CONNECTION_S - 0.05)
            queue.connections = 0 if queue.paused else min(self._limits(queue).connections, needed)
            if queue.attempts or queue.recipients:
                queue.used_at = self.at
            queue.attempts = 0
            if queue.is_gone(self.at):
                gone.append(queue.name)
        for name in gone:
            del self.queues[name]

    # -- delivery -----------------------------------------------------------------------------------------------

    def _limits(self, queue: Queue) -> Limits:
        if queue.limits is None:
            queue.limits = self.settings.limits(queue.domain, queue.vmta, queue.mode)
        return queue.limits

    def _work(self, queue: Queue) -> None:
        queue.wake_due(self.at)
        if not queue.ready or queue.paused or queue.retry_at > self.at:
            return
        limits = self._limits(queue)
        queue.credit = min(queue.credit + limits.pace, max(1.0, limits.pace * 2))
        while queue.credit >= 1 and queue.ready and queue.retry_at <= self.at:
            if not self._attempt(queue, limits):
                return
        if queue.ready and limits.binding and self.at - queue.throttled_at >= 60:
            queue.throttled_at = self.at
            queue.errors.appendleft(Event("error", self.at, limits.binding))

    def _attempt(self, queue: Queue, limits: Limits) -> bool:
        """Try one recipient; False where the queue cannot send at all now."""
        ip = queue.source(self.sources(queue.vmta))
        if ip is None:
            return False
        mail = queue.take()
        if mail.job in self.paused_jobs:
            queue.held.append(mail)
            return True
        queue.credit -= 1
        queue.attempts += 1
        if self.at - mail.queued_at > limits.bounce_after:
            self._expire(queue, mail)
            return True
        about = {
            "ip": ip, "rcpt": f"{mail.local}@{mail.box.domain}", "local": mail.local,
            "domain": mail.box.domain, "mx": mail.box.mx, "stamp": str(self.at),
        }  # fmt: skip
        verdict = self.providers.answer(mail.box.isp, ip, about, mail.sticky, self._rng)
        self._settle(queue, mail, verdict, ip, limits)
        return True

    def _settle(self, queue: Queue, mail: Mail, verdict: Verdict, ip: str, limits: Limits) -> None:
        if verdict.record == "tq":
            self.ledger.write(self.at, "tq", records.queue_row(self.at, mail, queue, verdict, ip))
            queue.ready.appendleft(mail)
            self._refused(queue, mail, verdict, ip)
            if self.at - queue.delivered_at > _NO_DELIVERY_S:
                self._wait(queue, limits)
            return
        pool = self.settings.pool(queue.vmta)
        self.ledger.write(self.at, verdict.record, records.recipient_row(self.at, mail, queue, verdict, ip, pool))
        self.counters.tried(self.at, mail.box.isp, verdict.record, mail.size)
        if verdict.record == "t":
            mail.sticky = verdict.sticky
            queue.put_off(mail, self.at + limits.retry_recipients_after)
            self._refused(queue, mail, verdict, ip)
            queue.failures += 1
            if queue.failures >= _FAILURES_TO_WAIT:
                self._wait(queue, limits)
            return
        queue.done(mail)
        if verdict.record == "b":
            self._refused(queue, mail, verdict, ip)
            return
        queue.failures = queue.retry_step = 0
        queue.delivered_at = self.at
        if queue.mode == "backoff" and limits.to_normal_after_delivery:
            queue.set_mode("normal", self.at, "a delivery")

    def _wait(self, queue: Queue, limits: Limits) -> None:
        """Put the whole queue into retry wait; the last interval of the list repeats."""
        queue.failures = 0
        queue.retry_at = self.at + limits.retry_after[min(queue.retry_step, len(limits.retry_after) - 1)]
        queue.retry_step += 1

    def _refused(self, queue: Queue, mail: Mail, verdict: Verdict, ip: str) -> None:
        reply = verdict.diag.removeprefix("smtp;")
        box = mail.box
        if reply:
            text = f'Error: "{reply}" while connected from {self.full_name} ({ip}) to {box.mx} ({box.address})'
        else:
            text = f"ETIMEDOUT connecting to {box.mx} ({box.address})"
        queue.errors.appendleft(Event("error", self.at, text, reply))
        self._react(queue, reply, ip)

    def _react(self, queue: Queue, reply: str, ip: str) -> None:
        """Apply the first matching line of the queue's smtp-pattern-list."""
        limits = self._limits(queue)
        pattern = next((p for p in limits.patterns if p.regex.search(reply)), None)
        if pattern is None:
            return
        actions = pattern.actions
        if "mode" in actions:
            after = actions.get("backoff-to-normal-after")
            self.set_mode(queue, actions["mode"], f"pattern {pattern.regex.pattern}", after)
        if "disable-source-ip" in actions:
            after = actions.get("reenable-after")
            self.disable(queue, ip, self.until(after) if after else self.default_reenable(queue))

    def _expire(self, queue: Queue, mail: Mail) -> None:
        diag = GUESSES["expired"]
        self.ledger.write(self.at, "b", records.expired_row(self.at, mail, queue, diag, self.settings.pool(queue.vmta)))
        queue.done(mail)

    # -- what commands use --------------------------------------------------------------------------------------

    def sources(self, vmta: str) -> tuple[str, ...]:
        return self.settings.sources(vmta) or (self._own_ip,)

    def queue(self, domain: str, vmta: str) -> Queue:
        """The queue `domain/vmta`, made where it is not there."""
        name = f"{domain}/{vmta}"
        if name not in self.queues:
            queue = self.queues[name] = Queue(domain, vmta, self.at)
            queue.paused = any(_glob(d).fullmatch(domain) and _glob(v).fullmatch(vmta) for d, v in self.paused_patterns)
        return self.queues[name]

    def matching(self, domain: str, vmta: str) -> list[Queue]:
        """Queues whose two parts match the two patterns (`*` is the only wildcard used), by name."""
        domains, vmtas = _glob(domain), _glob(vmta)
        found = (q for q in self.queues.values() if domains.fullmatch(q.domain) and vmtas.fullmatch(q.vmta))
        return sorted(found, key=lambda queue: queue.name)

    def until(self, interval: str) -> int | None:
        """When `interval` (`4h`, `300s`, `never`) from now is over; None for never.

        Raises: ValueError where it is no interval.
        """
        return self._later(seconds(interval))

    def _later(self, interval: int | None) -> int | None:
        return None if interval is None else self.at + interval

    def set_mode(self, queue: Queue, mode: str, why: str, after: str | None = None) -> None:
        until = self.until(after) if after else self._later(self._limits(queue).to_normal_after)
        queue.set_mode(mode, self.at, why, until)

    def default_reenable(self, queue: Queue) -> int | None:
        """When `reenable-source-ip-after` would enable a source again that is disabled now."""
        return self._later(self._limits(queue).reenable_after)

    def disable(self, queue: Queue, ip: str, until: int | None) -> None:
        queue.disabled[ip] = until
        if all(source in queue.disabled for source in self.sources(queue.vmta)):
            queue.errors.appendleft(
                Event("error", self.at, f"All SMTP sources for queue {queue.name} are now disabled.")
            )

    def reload(self) -> None:
        """Read the configuration anew; limits apply from the next attempt on.

        Raises: ConfigFault, and then everything stays as it was.
        """
        self.settings = Settings(parse_config(self.config_path))
        for queue in self.queues.values():
            queue.limits = None


def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*"))
