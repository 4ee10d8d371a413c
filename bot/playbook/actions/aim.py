"""What an action can be pointed at, and how long it may last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator

from bot.core.durations import parse_duration
from bot.core.model import QueueState

Lasts = Annotated[timedelta, BeforeValidator(lambda text: parse_duration(str(text)))]
"""Written `4h`; every change has an end."""


class Target(StrEnum):
    """Which of an ISP's IPs, queues or VMTAs; `playbook.targets` says how each is chosen from the evidence."""

    WORST_IPS = "worst_ips"
    AFFECTED_IPS = "affected_ips"
    WORST_QUEUES = "worst_queues"
    ALL_QUEUES = "all_queues"
    WORST_VMTAS = "worst_vmtas"


@dataclass(frozen=True, slots=True)
class Aim:
    """One queue (`domain/vmta` or `*/vmta`) on one host, and one source IP in it where the action is about one.

    `queues`: those that are touched, as last seen; of a whole VMTA also other ISPs'.
    """

    host: str
    queue: str
    queues: tuple[QueueState, ...]
    source_ip: str = ""

    @property
    def recipients(self) -> int:
        return sum(queue.recipients for queue in self.queues)

    @property
    def paused(self) -> bool:
        return any(queue.paused for queue in self.queues)
