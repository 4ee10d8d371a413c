"""What a playbook's step can do. An action plans, it never runs. A new one: one file, one name in this union."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.playbook.actions.aim import Aim, Target
from bot.playbook.actions.backoff_mode import BackoffMode
from bot.playbook.actions.disable_source import DisableSource
from bot.playbook.actions.pause_queue import PauseQueue
from bot.playbook.actions.pause_vmta import PauseVmta

Action = Annotated[PauseQueue | PauseVmta | DisableSource | BackoffMode, Field(discriminator="action")]

__all__ = ["Action", "Aim", "BackoffMode", "DisableSource", "PauseQueue", "PauseVmta", "Target"]
