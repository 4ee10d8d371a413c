"""Stop delivery of everything one VMTA sends."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from bot.core.change import Step
from bot.playbook.actions.aim import Aim, Lasts, Target
from bot.playbook.actions.pause_queue import pause_step


class PauseVmta(BaseModel):
    """Stop delivery of every queue of a VMTA, at every ISP. Source: User's Guide, "pause queue", `*/vmta`.

    Whether queues made later are held too is not documented: reading back looks at those listed then.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Literal["pause_vmta"]
    target: Literal[Target.WORST_VMTAS]
    lasts: Lasts

    stops_mail: ClassVar[bool] = True
    thing: ClassVar[str] = "VMTA"

    def already(self, aim: Aim) -> str:
        # Resuming */vmta would also start a queue that somebody had paused before: not the state captured.
        return "a queue of it is paused already, so an undo could not be exact" if aim.paused else ""

    def plan(self, aim: Aim) -> Step:
        return pause_step(aim)
