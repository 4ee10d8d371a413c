"""Values the store tests keep and read back, and the databases they are kept in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from bot.core.category import Category
from bot.core.change import Expect, Plan, Step
from bot.core.diagnosis import Diagnosis, HostLine, Offer, Point, ReplyLine, Share
from bot.core.model import QueueState, Tally, Window
from bot.core.tier import Tier
from bot.store.engine import migrate, open_engine

NOON = datetime(2026, 11, 20, 12, 0, 0, 123_456, tzinfo=UTC)
HOUR = Window(datetime(2026, 11, 20, 11, tzinfo=UTC), datetime(2026, 11, 20, 12, tzinfo=UTC))


@contextmanager
def sqlite(path: Path | None = None) -> Iterator[Engine]:
    """A migrated database: the file `path`, or one in memory."""
    engine = open_engine("sqlite://" if path is None else f"sqlite:///{path}")
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


def diagnosis(isp: str = "gmail", *, rate: float = 0.31, tier: Tier = Tier.REPUTATION) -> Diagnosis:
    """A diagnosis in which every field holds something; `rate` in whole percent."""
    deferred = round(rate * 100)
    now = Tally(100 - deferred, deferred, 2, 1)
    return Diagnosis(
        isp=isp,
        title=isp.title(),
        at=NOON,
        window=HOUR,
        now=now,
        before=Tally(94, 6),
        aimed=deferred,
        tier=tier,
        min_attempts=50,
        cause=Category.REPUTATION_IP,
        replies=(
            ReplyLine(
                "421 4.7.0 *", '421 4.7.0 "naïve" \U0001f600', 9, "421 4.7.0", Category.RATE_LIMIT, 3, "m", "c", "l"
            ),
        ),
        ips=(Share("192.0.2.10", now),),
        vmtas=(Share("gmail-ip-1", now),),
        jobs=(Share("", Tally()),),
        queues=(QueueState("mta1", f"{isp}.com/gmail-ip-1", 18_234, 10, True, "backoff", "14:35:42", 'a "b"'),),
        hosts=(HostLine("mta1", 8.5), HostLine("mta2", None, "no answer")),
        series=(Point(1_795_000_000, now),),
        evidence=("3 of 12 IPs carry 91 %",),
        advice="reduce volume",
        offers=(Offer("gmail-reputation", "Reduce Gmail volume", "why", stops_mail=False),),
    )


def plan(incident: int = 1, playbook: str = "gmail-reputation") -> Plan:
    step = Step(
        host="mta1",
        title="Pause gmail.com/gmail-ip-1",
        argv=("pmta", "pause", "queue", "gmail.com/gmail-ip-1"),
        undo_argv=("pmta", "resume", "queue", "gmail.com/gmail-ip-1"),
        queue="gmail.com/gmail-ip-1",
        source_ip="",
        before="running",
        after="paused",
        expect=Expect.PAUSED,
        expect_undone=Expect.NOT_PAUSED,
        recipients=18_234,
    )
    return Plan(
        playbook=playbook,
        title="Pause Gmail",
        isp="gmail",
        incident=incident,
        why="reputation",
        steps=(step, step),
        lasts=timedelta(hours=4, microseconds=1),
        recipients=18_234,
        volume_share=0.44,
        stops_mail=True,
        notes=("mta2 is left out",),
    )
