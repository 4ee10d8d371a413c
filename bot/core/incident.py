"""One ISP's trouble from first crossing to recovery, as values and one decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.diagnosis import Diagnosis
from bot.core.tier import Tier


class IncidentState(StrEnum):
    """MITIGATING: a change of ours is active for it. RESOLVED is final; a new crossing opens a new incident."""

    OPEN = "open"
    MITIGATING = "mitigating"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Incident:
    """`id` is what people read as INC-42. `revision` rises with every change anybody could see.

    `diagnosis` is the newest one (at resolution: the one that closed it). `owner` is the Slack id of who
    acknowledged it, "" before.
    """

    id: int
    isp: str
    state: IncidentState
    tier: Tier
    opened_at: datetime
    revision: int
    peak_rate: float
    diagnosis: Diagnosis
    owner: str = ""
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """One line of an incident's timeline (the Slack thread). `broadcast` shows it in the channel as well."""

    incident: int
    at: datetime
    text: str
    """Slack mrkdwn, already escaped where it holds foreign text."""
    broadcast: bool = False
