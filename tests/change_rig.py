"""Changes applied and taken back in memory, on two hosts whose queues really pause and resume."""

from __future__ import annotations

import threading
from dataclasses import replace

from bot.core.change import Change, ChangeState, Plan, Refusal, Step, StepResult
from bot.core.incident import IncidentState
from bot.errors import StoreError
from bot.playbook.readback import read_back_argv
from bot.services.apply import Apply
from bot.services.run_steps import HostLocks, StepRunner
from bot.services.undo import Undo
from tests.diagnoses import diagnosis, plan, step
from tests.fakes import ManualClock, MemoryAuditLog, MemoryChangeStore, MemoryIncidentStore, ScriptedShell

ANN, BO, STRANGER = "U0ANN", "U0BO", "U0STRANGER"


class Operators:
    def is_operator(self, user: str) -> bool:
        return user in (ANN, BO)


class PmtaHosts:
    """Two hosts whose queues really pause and resume; `broken` makes one behave badly."""

    def __init__(self) -> None:
        self.shell = ScriptedShell()
        self.paused: set[tuple[str, str]] = set()

    def serve(self, what: Step) -> None:
        key = (what.host, what.queue)
        self.shell.answer(what.host, what.argv, lambda *_: self._set(key, paused=True))
        self.shell.answer(what.host, what.undo_argv, lambda *_: self._set(key, paused=False))
        self.shell.answer(what.host, read_back_argv(what), lambda *_: self._shown(key))

    def _set(self, key: tuple[str, str], *, paused: bool) -> bytes:
        (self.paused.add if paused else self.paused.discard)(key)
        return b"Queue(s) paused.\n"

    def _shown(self, key: tuple[str, str]) -> bytes:
        state = "yes" if key in self.paused else "no"
        lines = [f'queue[0].name="{key[1]}"', 'queue[0].rcp="9"', 'queue[0].kb="1.0"', 'queue[0].conn="1"']
        lines += [f'queue[0].paused="{state}"', 'queue[0].mode="normal"', 'totalRcp="9"', 'totalQueuesWithRcp="1"']
        return "\n".join(lines).encode()

    def ran(self, argv: tuple[str, ...]) -> int:
        return sum(called == argv for _, called in self.shell.calls)


class DiskStore(MemoryChangeStore):
    """Refuses to journal a step while `full`."""

    full = False

    def record(self, change: int, result: StepResult, *, undo: bool) -> None:
        if self.full:
            raise StoreError("disk is full")
        super().record(change, result, undo=undo)


class Rig:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.hosts = PmtaHosts()
        self.incidents = MemoryIncidentStore()
        self.changes = DiskStore()
        self.audit = MemoryAuditLog()
        self.woken = threading.Event()
        runner = StepRunner(shell=self.hosts.shell, changes=self.changes, clock=self.clock, locks=HostLocks())
        opened = self.incidents.open(diagnosis(), self.clock.now())
        assert opened is not None
        self.incident = opened.id
        self.apply = Apply(
            diagnose=None,  # type: ignore[arg-type]  # only previews diagnose: tested with the fleet
            playbooks=(),
            incidents=self.incidents,
            changes=self.changes,
            runner=runner,
            audit=self.audit,
            roles=Operators(),
            clock=self.clock,
            wake=self.woken.set,
        )
        self.undo = Undo(
            incidents=self.incidents,
            changes=self.changes,
            runner=runner,
            audit=self.audit,
            roles=Operators(),
            clock=self.clock,
            wake=self.woken.set,
        )

    def planned(self, what: Plan | None = None) -> Change:
        chosen = replace(what or plan(steps=(step(1), step(2), step(5, "mta2"))), incident=self.incident)
        for one in chosen.steps:
            self.hosts.serve(one)
        return self.changes.plan(chosen, by=ANN, at=self.clock.now())

    def state(self) -> IncidentState:
        found = self.incidents.get(self.incident)
        assert found is not None
        return found.state

    def applied(self, *steps: Step, playbook: str = "gmail-reputation") -> Change:
        what = replace(plan(steps=steps), playbook=playbook)
        return done(self.apply.apply(self.planned(what).id, by=ANN, reason="rate doubled"))

    def state_of(self, change: Change) -> ChangeState:
        found = self.changes.get(change.id)
        assert found is not None
        return found.state


def done(outcome: Change | Refusal) -> Change:
    assert isinstance(outcome, Change), outcome
    return outcome


def refused(outcome: Change | Refusal) -> Refusal:
    assert isinstance(outcome, Refusal), outcome
    return outcome
