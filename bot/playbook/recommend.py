"""Which playbooks fit a diagnosis, best first, and the one sentence of advice. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from bot.core.category import Category
from bot.core.diagnosis import Diagnosis, Offer
from bot.core.tier import Tier
from bot.playbook.evidence import Carried, carried
from bot.playbook.schema import Playbook

ALTERNATIVES = 5


def offers(
    diagnosis: Diagnosis, playbooks: Sequence[Playbook], *, exclude: Collection[str] = ()
) -> tuple[tuple[Offer, ...], str]:
    """The playbooks with a target here, the recommended one first, and what to do in words.

    Where the playbook that fits best is advice alone, nothing is offered: doing something would be wrong.
    `exclude` names playbooks that are active already; two playbooks that would do the same are offered once.

    Returns:
        At most one recommended and five alternative offers; a sentence that is there even when nothing is to be done.
    """
    if sentence := _not_judged(diagnosis):
        return (), sentence
    fitting = ranked(playbooks, diagnosis.isp, diagnosis.tier, diagnosis.cause)
    if not fitting:
        return (), "No playbook fits: look at the replies below and decide by hand."
    advice = fitting[0].advice.format(isp=diagnosis.title, cause=_cause(diagnosis))
    if not fitting[0].steps:
        return (), advice
    found = (_offer(playbook, part, diagnosis) for playbook, part in _with_target(fitting, diagnosis, exclude))
    return tuple(found)[: 1 + ALTERNATIVES], advice


def ranked(playbooks: Iterable[Playbook], isp: str, tier: Tier, cause: Category | None) -> tuple[Playbook, ...]:
    """Those that fit, best first: recommended before alternative, the more exact before the more general, by name."""
    fits = [(playbook.fit(isp, tier, cause), playbook) for playbook in playbooks]
    found = [(fit, playbook) for fit, playbook in fits if fit is not None]
    found.sort(key=lambda pair: (not pair[0][0], -pair[0][1], pair[1].name))
    return tuple(playbook for _, playbook in found)


def _not_judged(diagnosis: Diagnosis) -> str:
    if diagnosis.blind:
        return "No host can be seen now: nothing is recommended on stale data."
    if not diagnosis.judged and diagnosis.tier is Tier.CLEAR:
        return f"Not enough mail to judge ({diagnosis.now.attempts} of {diagnosis.min_attempts} attempts)."
    return "Nothing to do." if diagnosis.tier is Tier.CLEAR else ""


def _with_target(
    fitting: Sequence[Playbook], diagnosis: Diagnosis, exclude: Collection[str]
) -> Iterable[tuple[Playbook, Carried]]:
    done = {playbook.deeds for playbook in fitting if playbook.name in exclude}
    touched: set[tuple[frozenset[str], frozenset[str]]] = set()
    for playbook in fitting:
        part = carried(playbook, diagnosis)
        same = frozenset(step.action for step in playbook.steps), frozenset(part.keys)
        if part.n and playbook.deeds not in done and same not in touched:
            done.add(playbook.deeds)
            touched.add(same)
            yield playbook, part


def _offer(playbook: Playbook, part: Carried, diagnosis: Diagnosis) -> Offer:
    fields = part.fields(diagnosis)
    return Offer(
        playbook=playbook.name,
        title=playbook.title.of(part.n, isp=fields["isp"]),
        why=playbook.why.of(part.n, **fields),
        stops_mail=playbook.stops_mail,
    )


def _cause(diagnosis: Diagnosis) -> str:
    return diagnosis.cause.words if diagnosis.cause else "no clear cause"
