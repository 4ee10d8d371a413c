"""Run the steps of one change on their hosts: command, read-back, journal. The only place that changes a host."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from bot.core.change import Change, Outcome, Step, StepResult
from bot.errors import CommandFailed, HostError
from bot.playbook.readback import Checked, check, read_back_argv
from bot.ports import ChangeStore, Clock, HostShell

log = logging.getLogger(__name__)

COMMAND_TIMEOUT_S = 20.0
SAID_LIMIT = 300
TOOK_EFFECT = frozenset({Outcome.CONFIRMED, Outcome.UNVERIFIED, Outcome.UNKNOWN})
"""Outcomes after which the host may be changed, so that an undo has something to do."""


class HostLocks:
    """One lock per host, so that two changes never write to a host at the same time."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def of(self, host: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(host, threading.Lock())


class StepRunner:
    """Runs steps host by host, hosts side by side; a dead host does not hold up another."""

    def __init__(
        self, *, shell: HostShell, changes: ChangeStore, clock: Clock, locks: HostLocks, workers: int = 8
    ) -> None:
        self._shell = shell
        self._changes = changes
        self._clock = clock
        self._locks = locks
        self._workers = workers

    def run(self, change: Change, places: Sequence[int], *, undo: bool) -> tuple[StepResult, ...]:
        """Do (or take back) the steps at `places` of the plan; every result is journalled as soon as it is known."""
        by_host: dict[str, list[int]] = defaultdict(list)
        for place in places:
            by_host[change.plan.steps[place].host].append(place)
        if not by_host:
            return ()
        with ThreadPoolExecutor(max_workers=min(self._workers, len(by_host)), thread_name_prefix="steps") as pool:
            done = list(pool.map(lambda item: self._host(change, item[0], item[1], undo), by_host.items()))
        return tuple(sorted((result for results in done for result in results), key=lambda result: result.step))

    def settle(self, change: Change, places: Sequence[int]) -> None:
        """Find out by reading back whether steps whose results were lost took effect; changes nothing."""
        dark: dict[str, str] = {}
        for place in places:
            host = change.plan.steps[place].host
            if host in dark:
                self._journal(change, place, Outcome.UNKNOWN, dark[host], undo=False)
                continue
            try:
                checked = self._read_back(change, place, undo=False)
            except HostError as error:
                dark[host] = str(error)
                self._journal(change, place, Outcome.UNKNOWN, str(error), undo=False)
            else:
                said = f"settled after a restart: {checked.said}"
                self._journal(change, place, checked.outcome, said, undo=False)

    def _host(self, change: Change, host: str, places: Sequence[int], undo: bool) -> list[StepResult]:
        results: list[StepResult] = []
        with self._locks.of(host):
            for place in places:
                if results and results[-1].outcome is Outcome.UNKNOWN:
                    said = f"{host} did not answer the step before"
                    results.append(self._journal(change, place, Outcome.NOT_RUN, said, undo))
                else:
                    results.append(self._step(change, place, undo))
        return results

    def _step(self, change: Change, place: int, undo: bool) -> StepResult:
        step = change.plan.steps[place]
        try:
            self._run(step.host, step.undo_argv if undo else step.argv)
        except CommandFailed as error:
            checked = Checked(Outcome.FAILED, str(error))
        except HostError as error:
            checked = self._after_lost_answer(change, place, undo, error)
        else:
            checked = self._after_success(change, place, undo)
        return self._journal(change, place, checked.outcome, checked.said, undo)

    def _after_success(self, change: Change, place: int, undo: bool) -> Checked:
        """PMTA took the command: what cannot be read back is not verified, but it is not failed either."""
        try:
            checked = self._read_back(change, place, undo)
        except HostError as error:
            return Checked(Outcome.UNVERIFIED, f"it could not be read back: {error}")
        if checked.outcome is Outcome.FAILED and not undo:
            return self._take_back(change.plan.steps[place], checked.said)
        return checked

    def _after_lost_answer(self, change: Change, place: int, undo: bool, lost: HostError) -> Checked:
        """The command may or may not have run: only reading back can tell, and only a hit proves anything."""
        try:
            checked = self._read_back(change, place, undo)
        except HostError:
            return Checked(Outcome.UNKNOWN, str(lost))
        return checked if checked.outcome is Outcome.CONFIRMED else Checked(Outcome.UNKNOWN, str(lost))

    def _take_back(self, step: Step, said: str) -> Checked:
        """The command was accepted but its effect is not there: leave nothing half-applied."""
        try:
            self._run(step.host, step.undo_argv)
        except HostError as error:
            return Checked(Outcome.UNKNOWN, f"{said}; taking it back failed too: {error}")
        return Checked(Outcome.FAILED, f"{said}; taken back")

    def _read_back(self, change: Change, place: int, undo: bool) -> Checked:
        step = change.plan.steps[place]
        seen = any(result.step == place and result.outcome is Outcome.CONFIRMED for result in change.results)
        output = self._run(step.host, read_back_argv(step))
        return check(step.expect_undone if undo else step.expect, step, output, was_seen=seen)

    def _run(self, host: str, argv: tuple[str, ...]) -> str:
        return self._shell.run(host, argv, timeout_s=COMMAND_TIMEOUT_S).decode("utf-8", "replace")

    def _journal(self, change: Change, place: int, outcome: Outcome, said: str, undo: bool) -> StepResult:
        line = " ".join(said.split())[:SAID_LIMIT]
        result = StepResult(place, outcome, line, self._clock.now())
        self._changes.record(change.id, result, undo=undo)
        step = change.plan.steps[place]
        log.info(
            "step done",
            extra={
                "action": "step_undone" if undo else "step_done",
                "change": change.id,
                "host": step.host,
                "argv": list(step.undo_argv if undo else step.argv),
                "outcome": outcome.value,
            },
        )
        return result
