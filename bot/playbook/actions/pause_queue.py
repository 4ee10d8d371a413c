"""Stop delivery of one queue."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from bot.core.change import Expect, Step
from bot.playbook import commands
from bot.playbook.actions.aim import Aim, Lasts, Target


class PauseQueue(BaseModel):
    """Stop delivery of single queues until they are resumed. Source: User's Guide, "pause queue"."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Literal["pause_queue"]
    target: Literal[Target.WORST_QUEUES, Target.ALL_QUEUES]
    lasts: Lasts

    stops_mail: ClassVar[bool] = True
    thing: ClassVar[str] = "queue"

    def already(self, aim: Aim) -> str:
        """Why nothing is to be done about `aim`, "" where something is."""
        return "already paused" if aim.paused else ""

    def plan(self, aim: Aim) -> Step:
        return pause_step(aim)


def pause_step(aim: Aim) -> Step:
    """Pause what the aim's `queue` names, be it `domain/vmta` or `*/vmta`; the undo resumes the same."""
    return Step(
        host=aim.host,
        title=f"Pause {aim.queue} on {aim.host}",
        argv=commands.pause_queue(aim.queue),
        undo_argv=commands.resume_queue(aim.queue),
        queue=aim.queue,
        source_ip="",
        before="running",
        after="paused",
        expect=Expect.PAUSED,
        expect_undone=Expect.NOT_PAUSED,
        recipients=aim.recipients,
    )
