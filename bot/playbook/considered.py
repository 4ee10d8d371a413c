"""What was considered and is not recommended, and why: one sentence each. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from bot.core.diagnosis import Considered, Diagnosis, Offer
from bot.core.finding import Elsewhere, Kind
from bot.core.tier import Tier
from bot.playbook.actions import Target
from bot.playbook.evidence import carried
from bot.playbook.schema import Playbook
from bot.playbook.situation import ranked, situation_of

TOLD = 4
_OF_IPS = (Target.WORST_IPS, Target.AFFECTED_IPS)


def against(playbook: Playbook, diagnosis: Diagnosis) -> str:
    """Why a playbook that fits tier and cause would be wrong here, "" where it would not."""
    where = diagnosis.contrast
    if where is None:
        return ""
    targets = {step.target for step in playbook.steps}
    if Target.WORST_VMTAS in targets and where.elsewhere is Elsewhere.CLEAN:
        return f"the same IPs are clean at {where.clean_at[0]}: it would hold good mail"
    if where.kind is Kind.CAMPAIGNS and targets.intersection(_OF_IPS):
        return "the trouble is in one campaign, not in the IPs"
    if where.kind is Kind.CANNOT_TELL and Target.WORST_IPS in targets:
        return f"which IPs it is cannot be told: {where.reason}"
    return ""


def considered(
    diagnosis: Diagnosis, playbooks: Sequence[Playbook], offered: Collection[Offer], exclude: Collection[str]
) -> tuple[Considered, ...]:
    """Playbooks that do something, fit this cause and are not offered; the nearest first, one for each thing to do."""
    found: list[Considered] = []
    named = {offer.playbook: offer.targets for offer in offered}
    done = {playbook.deeds for playbook in playbooks if playbook.name in named}
    same = {(acts(playbook), frozenset(named[playbook.name])) for playbook in playbooks if playbook.name in named}
    fitting = ranked(playbooks, situation_of(diagnosis))
    for playbook, reason in (*_fitting(diagnosis, fitting, exclude), *_too_strong(diagnosis, playbooks, fitting)):
        part = carried(playbook, diagnosis)
        if playbook.name in named or playbook.deeds in done or (acts(playbook), frozenset(part.keys)) in same:
            continue
        done.add(playbook.deeds)
        title = playbook.title.of(part.n, isp=diagnosis.title) if part.n else playbook.name.replace("-", " ")
        found.append(Considered(playbook.name, title, reason))
    return tuple(found[:TOLD])


def acts(playbook: Playbook) -> frozenset[str]:
    return frozenset(step.action for step in playbook.steps)


def _fitting(
    diagnosis: Diagnosis, fitting: Sequence[Playbook], exclude: Collection[str]
) -> Iterable[tuple[Playbook, str]]:
    best = next(iter(fitting), None)
    for playbook in fitting:
        if not playbook.steps:
            continue
        if playbook.name in exclude:
            yield playbook, "in force already"
        elif reason := against(playbook, diagnosis):
            yield playbook, reason
        elif not carried(playbook, diagnosis).n:
            yield playbook, _no_target(playbook, diagnosis)
        elif best and not best.steps:
            yield playbook, best.why.of(1, isp=diagnosis.title, of="", share="", cause="").rstrip(".")


def _no_target(playbook: Playbook, diagnosis: Diagnosis) -> str:
    if not diagnosis.queues:
        return "no queue holds mail now"
    if Target.WORST_IPS in {step.target for step in playbook.steps}:
        return "no IP stands out"
    return "nothing is left to change there"


def _too_strong(
    diagnosis: Diagnosis, playbooks: Sequence[Playbook], fitting: Sequence[Playbook]
) -> Iterable[tuple[Playbook, str]]:
    """What would be offered in a higher tier only."""
    here = situation_of(diagnosis)
    for tier in Tier:
        if tier <= diagnosis.tier:
            continue
        then = ranked(playbooks, replace(here, tier=tier))
        if then and then[0].steps:
            found = (playbook for playbook in then if playbook.steps and playbook not in fitting)
            yield from ((playbook, f"only in the {tier.name.lower()} tier") for playbook in found)
