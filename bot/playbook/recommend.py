"""Which playbooks fit a diagnosis, best first, what to look at, and what is not recommended and why. Pure.

Tier x cause x where it sits. Where a dangerous cause stands beside a commoner one, both are answered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from bot.core.diagnosis import Considered, Diagnosis, Offer, Page, Strength
from bot.core.finding import Kind
from bot.core.tier import Tier
from bot.playbook.considered import against, considered
from bot.playbook.evidence import Carried, carried
from bot.playbook.schema import Playbook, Situation
from bot.playbook.situation import danger_beside, situation_of

ALTERNATIVES = 5
ACT_NOW = 4
NAMED = 3
"""Names told in one sentence."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """At most one recommended and five alternative `offers`; `advice` is there even when nothing is to be done.

    `check`, `pages`: what people look at themselves. `considered`: what is not recommended, and why.
    """

    offers: tuple[Offer, ...]
    advice: str
    considered: tuple[Considered, ...] = ()
    check: tuple[str, ...] = ()
    pages: tuple[Page, ...] = ()


def recommend(diagnosis: Diagnosis, playbooks: Sequence[Playbook], *, exclude: Collection[str] = ()) -> Recommendation:
    """What to do about a diagnosis. `exclude` names playbooks that are active already.

    Where the playbook that fits best is advice alone, nothing is offered for that cause: doing something would be
    wrong. Two playbooks that would do the same are offered once.
    """
    if sentence := _not_judged(diagnosis):
        return Recommendation((), sentence)
    main = _one_cause(diagnosis, playbooks, exclude, ())
    beside = danger_beside(diagnosis)
    if beside is None:
        return main
    fitting = ranked(playbooks, situation_of(diagnosis))
    danger = _one_cause(beside, [playbook for playbook in playbooks if playbook not in fitting], exclude, main.offers)
    grave = diagnosis.causes.dangerous is not None and diagnosis.causes.dangerous.severity >= ACT_NOW
    return _joined(danger, main) if grave or not main.offers else _joined(main, danger)


def offers(
    diagnosis: Diagnosis, playbooks: Sequence[Playbook], *, exclude: Collection[str] = ()
) -> tuple[tuple[Offer, ...], str]:
    """The offers and the advice of `recommend`."""
    found = recommend(diagnosis, playbooks, exclude=exclude)
    return found.offers, found.advice


def with_recommendation(
    diagnosis: Diagnosis, playbooks: Sequence[Playbook], *, exclude: Collection[str] = ()
) -> Diagnosis:
    """The diagnosis with everything `recommend` says of it."""
    found = recommend(diagnosis, playbooks, exclude=exclude)
    return replace(
        diagnosis,
        offers=found.offers,
        advice=found.advice,
        considered=found.considered,
        check=found.check,
        pages=found.pages,
    )


def ranked(playbooks: Iterable[Playbook], situation: Situation) -> tuple[Playbook, ...]:
    """Those that fit, best first: recommended before alternative, the more exact before the more general, by name."""
    fits = [(playbook.fit(situation), playbook) for playbook in playbooks]
    found = [(fit, playbook) for fit, playbook in fits if fit is not None]
    found.sort(key=lambda pair: (not pair[0][0], -pair[0][1], pair[1].name))
    return tuple(playbook for _, playbook in found)


def _one_cause(
    diagnosis: Diagnosis, playbooks: Sequence[Playbook], exclude: Collection[str], taken: Sequence[Offer]
) -> Recommendation:
    fitting = ranked(playbooks, situation_of(diagnosis))
    if not fitting:
        return Recommendation((), "No playbook fits: look at the replies below and decide by hand.")
    best = fitting[0]
    found: tuple[Offer, ...] = ()
    if best.steps:
        made = (_offer(playbook, part, diagnosis) for playbook, part in _with_target(fitting, diagnosis, exclude))
        found = tuple(made)[: 1 + ALTERNATIVES]
    names = {offer.playbook for offer in (*found, *taken)}
    return Recommendation(
        found,
        best.advice.format(isp=diagnosis.title, cause=_cause(diagnosis), names=_names(diagnosis)),
        considered(diagnosis, playbooks, fitting, names, exclude),
        best.check,
        tuple(Page(link.text, link.url) for link in best.links),
    )


def _joined(first: Recommendation, second: Recommendation) -> Recommendation:
    """Both causes answered, the first one first; what is offered is not called considered."""
    found = (*first.offers, *(offer for offer in second.offers if offer not in first.offers))[: 1 + ALTERNATIVES]
    named = {offer.playbook for offer in found}
    left = dict.fromkeys((*first.considered, *second.considered))
    return Recommendation(
        found,
        f"{first.advice} Beside it: {second.advice}",
        tuple(one for one in left if one.playbook not in named)[:4],
        tuple(dict.fromkeys((*first.check, *second.check))),
        tuple(dict.fromkeys((*first.pages, *second.pages))),
    )


def _not_judged(diagnosis: Diagnosis) -> str:
    if diagnosis.blind:
        return "No host can be seen now: nothing is recommended on stale data."
    if not diagnosis.judged and diagnosis.tier is Tier.CLEAR:
        return f"Not enough mail to judge ({diagnosis.now.attempts} of {diagnosis.min_attempts} attempts)."
    if diagnosis.tier is not Tier.CLEAR:
        return ""
    danger = diagnosis.causes.dangerous
    if danger and not danger.weak:
        return f"Little is deferred, but {danger.count:,} replies speak of {danger.category.words}: look at them."
    return "Nothing to do."


def _with_target(
    fitting: Sequence[Playbook], diagnosis: Diagnosis, exclude: Collection[str]
) -> Iterable[tuple[Playbook, Carried]]:
    done = {playbook.deeds for playbook in fitting if playbook.name in exclude}
    touched: set[tuple[frozenset[str], frozenset[str]]] = set()
    for playbook in fitting:
        part = carried(playbook, diagnosis)
        same = frozenset(step.action for step in playbook.steps), frozenset(part.keys)
        if part.n and playbook.deeds not in done and same not in touched and not against(playbook, diagnosis):
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
        targets=part.keys,
        strength=_strength(diagnosis),
    )


def _strength(diagnosis: Diagnosis) -> Strength:
    """How sure cause and place are together."""
    line = next((line for line in diagnosis.causes.lines if line.category is diagnosis.cause), None)
    if line is None or diagnosis.contrast is None:
        return Strength.UNKNOWN
    dominant = diagnosis.causes.dominant
    unsure = bool(line.weak) or (line is dominant and bool(diagnosis.causes.doubt))
    untold = diagnosis.contrast.kind is Kind.CANNOT_TELL
    return Strength.WEAK if unsure and untold else Strength.LIKELY if unsure or untold else Strength.SURE


def _cause(diagnosis: Diagnosis) -> str:
    return diagnosis.cause.words if diagnosis.cause else "no clear cause"


def _names(diagnosis: Diagnosis) -> str:
    """ "winback and digest": what carries it."""
    names = diagnosis.contrast.keys if diagnosis.contrast else ()
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
