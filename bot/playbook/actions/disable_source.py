"""Stop using one source IP in one queue."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from bot.core.change import Expect, Step
from bot.playbook import commands
from bot.playbook.actions.aim import Aim, Lasts, Target


class DisableSource(BaseModel):
    """Stop using source IPs in the ISP's queues; PMTA takes them back itself when the time is up.

    Source: User's Guide, "disable source", `--reenable-after`. Which IPs are disabled already cannot be read
    (the form of `show disabled sources` is documented nowhere), so the state before is taken as in use.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Literal["disable_source"]
    target: Literal[Target.WORST_IPS, Target.AFFECTED_IPS]
    lasts: Lasts

    stops_mail: ClassVar[bool] = True
    thing: ClassVar[str] = "IP"

    def already(self, aim: Aim) -> str:
        return "already paused" if aim.paused else ""

    def plan(self, aim: Aim) -> Step:
        return Step(
            host=aim.host,
            title=f"Disable {aim.source_ip} in {aim.queue} on {aim.host}",
            argv=commands.disable_source(aim.source_ip, aim.queue, self.lasts),
            undo_argv=commands.enable_source(aim.source_ip, aim.queue),
            queue=aim.queue,
            source_ip=aim.source_ip,
            before="in use",
            after="disabled",
            expect=Expect.SOURCE_DISABLED,
            expect_undone=Expect.SOURCE_ENABLED,
            recipients=aim.recipients,
            ends_by_itself=True,
        )
