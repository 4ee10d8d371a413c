"""Slow one queue down by PMTA's backoff mode."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from bot.core.change import Expect, Step
from bot.playbook import commands
from bot.playbook.actions.aim import Aim, Lasts, Target


class BackoffMode(BaseModel):
    """Put queues in backoff mode: fewer connections, lower rates, longer retries, as their `backoff-*` settings say.

    It slows, it does not stop. Source: User's Guide, "set queue --mode".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Literal["backoff_mode"]
    target: Literal[Target.WORST_QUEUES, Target.ALL_QUEUES]
    lasts: Lasts

    stops_mail: ClassVar[bool] = False
    thing: ClassVar[str] = "queue"

    def already(self, aim: Aim) -> str:
        if aim.paused:
            return "already paused"
        return "already in backoff mode" if all(queue.mode == "backoff" for queue in aim.queues) else ""

    def plan(self, aim: Aim) -> Step:
        return Step(
            host=aim.host,
            title=f"Backoff mode for {aim.queue} on {aim.host}",
            argv=commands.backoff_mode(aim.queue),
            undo_argv=commands.normal_mode(aim.queue),
            queue=aim.queue,
            source_ip="",
            before="normal",
            after="backoff",
            expect=Expect.BACKOFF,
            expect_undone=Expect.NORMAL,
            recipients=aim.recipients,
        )
