"""What of a diagnosis a playbook is chosen for: the commonest cause, or the dangerous one beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.core.carriers import of_cause
from bot.core.diagnosis import Diagnosis
from bot.core.finding import Kind
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
        ips=of_cause(diagnosis.ips, danger.ips),
        vmtas=of_cause(diagnosis.vmtas, danger.vmtas),
    )


def seen(diagnosis: Diagnosis) -> Diagnosis:
    """The same; where refusals are the trouble, IPs and VMTAs by those: by deferrals they all look well."""
    line = diagnosis.causes.of(diagnosis.cause) if diagnosis.by_refusal else None
    if line is None:
        return diagnosis
    return replace(diagnosis, ips=of_cause(diagnosis.ips, line.ips), vmtas=of_cause(diagnosis.vmtas, line.vmtas))


def about(playbook: Playbook, diagnosis: Diagnosis) -> Diagnosis:
    """What `playbook` is for here: the diagnosis as it is where it fits that, else its dangerous cause."""
    diagnosis = seen(diagnosis)
    if playbook.fit(situation_of(diagnosis)) is not None:
        return diagnosis
    beside = danger_beside(diagnosis)
    return beside if beside and playbook.fit(situation_of(beside)) is not None else diagnosis
