"""What of a diagnosis a playbook is chosen for: the commonest cause, or the dangerous one beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.core.diagnosis import Diagnosis, Share
from bot.core.finding import Kind, Part
from bot.core.model import Tally
from bot.core.tier import Tier, TierRule, tier_for
from bot.playbook.schema import Playbook, Situation


def situation_of(diagnosis: Diagnosis) -> Situation:
    where = diagnosis.contrast
    told = where is not None and where.kind is not Kind.CANNOT_TELL
    return Situation(
        isp=diagnosis.isp,
        tier=diagnosis.tier,
        cause=diagnosis.cause,
        where=where.kind if where and told else None,
        elsewhere=where.elsewhere if where and told else None,
    )


def ranked(playbooks: Iterable[Playbook], situation: Situation) -> tuple[Playbook, ...]:
    """Those that fit, best first: recommended before alternative, the more exact before the more general, by name."""
    fits = [(playbook.fit(situation), playbook) for playbook in playbooks]
    found = [(fit, playbook) for fit, playbook in fits if fit is not None]
    found.sort(key=lambda pair: (not pair[0][0], -pair[0][1], pair[1].name))
    return tuple(playbook for _, playbook in found)


def danger_beside(diagnosis: Diagnosis) -> Diagnosis | None:
    """The same diagnosis as if the dangerous cause were alone; None where it is the commonest one or not sure."""
    danger = diagnosis.causes.dangerous
    if danger is None or danger.weak or danger.category is diagnosis.cause:
        return None
    rate = danger.count / max(1, diagnosis.now.attempts + diagnosis.now.bounced)
    return replace(
        diagnosis,
        cause=danger.category,
        tier=max(Tier.THROTTLE, tier_for(rate, diagnosis.now.attempts, Tier.CLEAR, TierRule())),
        contrast=diagnosis.danger_at,
        ips=_rows(diagnosis.ips, danger.ips),
        vmtas=_rows(diagnosis.vmtas, danger.vmtas),
    )


def about(playbook: Playbook, diagnosis: Diagnosis) -> Diagnosis:
    """What `playbook` is for here: the diagnosis as it is where it fits that, else its dangerous cause."""
    if playbook.fit(situation_of(diagnosis)) is not None:
        return diagnosis
    beside = danger_beside(diagnosis)
    return beside if beside and playbook.fit(situation_of(beside)) is not None else diagnosis


def _rows(rows: Sequence[Share], parts: Iterable[Part]) -> tuple[Share, ...]:
    hits = {part.key: part.hits for part in parts}
    found = [Share(row.key, _only(row.tally, hits.get(row.key, 0))) for row in rows]
    return tuple(sorted(found, key=lambda row: (-row.tally.deferred, -row.tally.attempts, row.key)))


def _only(tally: Tally, hits: int) -> Tally:
    return Tally(delivered=max(0, tally.attempts + tally.bounced - hits), deferred=hits)
