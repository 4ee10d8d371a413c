"""What looks at the counts, put together over any stores: the diagnosis, the outages, the watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.core.alert_rules import AlertRules
from bot.core.tier import Tier, TierRule
from bot.knowledge import Knowledge, load_knowledge
from bot.ports import (
    AuditLog,
    ChangeStore,
    Clock,
    FleetStore,
    IncidentStore,
    OutageStore,
    SilenceStore,
    TallyStore,
)
from bot.services.composition import Composition
from bot.services.diagnose import Diagnose, Judgement
from bot.services.outages import Outages
from bot.services.rated import RatedTallies
from bot.services.watch import Watch

WINDOW = timedelta(minutes=60)
STALE = timedelta(minutes=5)

_KNOWN: list[Knowledge] = []


def knowledge() -> Knowledge:
    """The shipped playbooks and rules, read once."""
    if not _KNOWN:
        _KNOWN.append(load_knowledge())
    return _KNOWN[0]


@dataclass(frozen=True, slots=True)
class Looking:
    diagnose: Diagnose
    outages: Outages
    watch: Watch


def looking(
    *,
    hosts: Sequence[str],
    tallies: TallyStore,
    fleet: FleetStore,
    incidents: IncidentStore,
    changes: ChangeStore,
    outages: OutageStore,
    silences: SilenceStore,
    audit: AuditLog,
    clock: Clock,
    rules: AlertRules,
    poll_every: timedelta = timedelta(0),
) -> Looking:
    """As `wiring` does it, with the shipped knowledge and the response protocol's tiers."""
    known, judgement = knowledge(), Judgement(WINDOW, TierRule(), {}, STALE)
    diagnose = Diagnose(
        tallies=tallies,
        fleet=fleet,
        incidents=incidents,
        changes=changes,
        isps=known.isps,
        classifier=known.classifier,
        playbooks=known.playbooks,
        judgement=judgement,
        hosts=hosts,
        clock=clock,
    )
    composition = Composition(
        tallies=RatedTallies(tallies, fleet, clock, judgement.window),
        outages=outages,
        classifier=known.classifier,
        judgement=judgement,
        alert_from=Tier.MIXED,
        poll_every=poll_every,
    )
    watch = Watch(
        diagnose=diagnose,
        composition=composition,
        incidents=incidents,
        changes=changes,
        silences=silences,
        audit=audit,
        clock=clock,
        rules=rules,
    )
    seen = Outages(
        fleet=fleet,
        tallies=tallies,
        outages=outages,
        silences=silences,
        audit=audit,
        clock=clock,
        hosts=hosts,
        stale_after=STALE,
    )
    return Looking(diagnose, seen, watch)
