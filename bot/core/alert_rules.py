"""When people hear of an incident, as numbers: what the settings hold, with their defaults. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.core.escalation import Escalation
from bot.core.tier import Tier


@dataclass(frozen=True, slots=True)
class AlertRules:
    """`alert_from`: the lowest tier that is always told. `refresh`: how old shown numbers may get while little changes.

    `rise_after`: a tier must be seen for so long before it is believed: by default at two polls of ten seconds.
    `fall_after`: it is left downwards, and an incident closed, only after so long. `reopen_within`: what crosses
    again so soon is the same incident. `flap_turns`: more ups and downs than this in an hour are told no more.
    `min_at_risk`: with fewer recipients held up nobody is told; `min_at_risk_of` for single ISPs. `ack_timeout`: what
    somebody took is nobody's again where it still stands after that. `repeat_every`: how often what nobody has taken is
    told again, from the reputation tier up. `escalation`: who is called beyond that.
    `group_from`: so many ISPs that cross within `group_within` are told as one.
    """

    alert_from: Tier = Tier.MIXED
    refresh: timedelta = timedelta(minutes=1)
    rise_after: timedelta = timedelta(seconds=8)
    fall_after: timedelta = timedelta(minutes=5)
    reopen_within: timedelta = timedelta(minutes=30)
    flap_turns: int = 4
    min_at_risk: int = 100
    ack_timeout: timedelta = timedelta(minutes=60)
    repeat_every: timedelta = timedelta(minutes=30)
    min_at_risk_of: Mapping[str, int] = field(default_factory=dict)
    escalation: tuple[Escalation, ...] = ()
    group_from: int = 3
    group_within: timedelta = timedelta(minutes=5)

    def least_at_risk(self, isp: str) -> int:
        return self.min_at_risk_of.get(isp, self.min_at_risk)
