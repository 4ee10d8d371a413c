"""Diagnoses, facts and changes to try playbooks on: twelve IPs on two hosts, the first three deferred clearly more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.category import Category
from bot.core.change import Change, ChangeState, Expect, Plan, Step
from bot.core.diagnosis import Diagnosis, HostLine, Share
from bot.core.incident import Incident, IncidentState
from bot.core.model import QueueState, Tally, Window
from bot.core.tier import Tier
from bot.playbook.plan import PlanFacts

ROOT = Path(__file__).parent.parent
PLAYBOOKS = ROOT / "playbooks"
RULES = PLAYBOOKS / "replies"

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
IPS = tuple(f"192.0.2.{n}" for n in range(10, 22))
BAD = IPS[:3]


def tally(attempts: int, deferred: int) -> Tally:
    return Tally(delivered=attempts - deferred, deferred=deferred)


def host_of(ip: str) -> str:
    return "mta1" if IPS.index(ip) % 2 == 0 else "mta2"


def vmta_of(ip: str) -> str:
    return f"ip-{IPS.index(ip) + 1}"


def queue(vmta: str, host: str = "mta1", **changed: object) -> QueueState:
    plain = QueueState(host, f"gmail.com/{vmta}", recipients=1000, connections=5, paused=False, mode="normal")
    return replace(plain, **changed)  # type: ignore[arg-type]


def cells(bad: Sequence[str] = BAD) -> dict[tuple[str, str, str], Tally]:
    return {(host_of(ip), ip, vmta_of(ip)): tally(1000, 600) if ip in bad else tally(1000, 20) for ip in IPS}


def queues() -> tuple[QueueState, ...]:
    return tuple(queue(vmta_of(ip), host_of(ip)) for ip in IPS)


def facts(**changed: object) -> PlanFacts:
    plain = PlanFacts(cells=cells(), queues=queues(), isp_title="Gmail")
    return replace(plain, **changed)  # type: ignore[arg-type]


def diagnosis(
    isp: str = "gmail", tier: Tier = Tier.REPUTATION, cause: Category | None = Category.REPUTATION_IP, **changed: object
) -> Diagnosis:
    counts = cells()
    whole = sum(counts.values(), Tally())
    plain = Diagnosis(
        isp=isp,
        title=isp.capitalize(),
        at=NOW,
        window=Window.ending(NOW, timedelta(hours=1)),
        now=whole,
        before=tally(12000, 300),
        aimed=whole.deferred,
        tier=tier,
        min_attempts=50,
        cause=cause,
        replies=(),
        ips=_worst_first({ip: count for (_, ip, _), count in counts.items()}),
        vmtas=_worst_first({vmta: count for (_, _, vmta), count in counts.items()}),
        jobs=(),
        queues=queues(),
        hosts=(HostLine("mta1", 3.0), HostLine("mta2", 4.0)),
        series=(),
        evidence=(),
        advice="",
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def shares(*rows: tuple[str, int, int]) -> tuple[Share, ...]:
    """(name, attempts, deferred) each."""
    return _worst_first({name: tally(attempts, deferred) for name, attempts, deferred in rows})


def _worst_first(rows: dict[str, Tally]) -> tuple[Share, ...]:
    return tuple(sorted((Share(key, t) for key, t in rows.items()), key=lambda row: (-row.tally.deferred, row.key)))


def step(**changed: object) -> Step:
    plain = Step(
        host="mta1",
        title="Pause gmail.com/ip-1 on mta1",
        argv=("pmta", "pause", "queue", "gmail.com/ip-1"),
        undo_argv=("pmta", "resume", "queue", "gmail.com/ip-1"),
        queue="gmail.com/ip-1",
        source_ip="",
        before="running",
        after="paused",
        expect=Expect.PAUSED,
        expect_undone=Expect.NOT_PAUSED,
        recipients=1000,
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def plan(playbook: str = "hold-mail", incident: int = 42, steps: tuple[Step, ...] | None = None) -> Plan:
    return Plan(
        playbook=playbook,
        title="Pause the worst Gmail queue for 1 h",
        isp="gmail",
        incident=incident,
        why="Because.",
        steps=(step(),) if steps is None else steps,
        lasts=timedelta(hours=1),
        recipients=1000,
        volume_share=0.1,
        stops_mail=True,
    )


def change(number: int = 17, state: ChangeState = ChangeState.PLANNED, **changed: object) -> Change:
    plain = Change(number, plan(), state, planned_at=NOW - timedelta(minutes=1), planned_by="U0ANN")
    return replace(plain, **changed)  # type: ignore[arg-type]


def incident(state: IncidentState = IncidentState.OPEN, **changed: object) -> Incident:
    plain = Incident(
        id=42,
        isp="gmail",
        state=state,
        tier=Tier.REPUTATION,
        opened_at=NOW - timedelta(minutes=20),
        revision=3,
        peak_rate=0.3,
        diagnosis=diagnosis(),
    )
    return replace(plain, **changed)  # type: ignore[arg-type]
