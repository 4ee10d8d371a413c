"""Which playbooks fit a diagnosis, best first, what to look at, and what is not recommended and why. Pure.

Tier x cause x where it sits. Where a dangerous cause stands beside a commoner one, both are answered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from bot.core.category import Category
from bot.core.causes import tries
from bot.core.contrast_words import listed
from bot.core.diagnosis import Considered, Diagnosis, Offer, Page, Strength
from bot.core.finding import Kind
from bot.core.tier import Tier
from bot.playbook.considered import TOLD, acts, against, considered
from bot.playbook.evidence import Carried, carried
from bot.playbook.schema import Playbook
from bot.playbook.situation import about, danger_beside, ranked, seen, situation_of

ALTERNATIVES = 5
ACT_NOW = 4
REFUSED = 0.15
"""Share of everything tried from which on mail refused for good is told, as the mixed tier tells of deferrals."""


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
    diagnosis = seen(diagnosis)
    beside = danger_beside(diagnosis)
    causes = [diagnosis, *([beside] if beside else [])]
    found = [_one_cause(cause, diagnosis, playbooks, exclude) for cause in causes]
    danger = diagnosis.causes.dangerous
    if beside and (not found[0].offers or (danger and danger.severity >= ACT_NOW)):
        causes.reverse()
        found.reverse()
    offered = _once([offer for one in found for offer in one.offers], playbooks)
    left = [considered(cause, playbooks, offered, exclude) for cause in causes]
    return Recommendation(
        offers=offered,
        advice=" Beside it: ".join(one.advice for one in found),
        considered=tuple(dict.fromkeys(chain.from_iterable(left)))[:TOLD],
        check=tuple(dict.fromkeys(chain.from_iterable(one.check for one in found))),
        pages=tuple(dict.fromkeys(chain.from_iterable(one.pages for one in found))),
    )


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


def _one_cause(
    diagnosis: Diagnosis, whole: Diagnosis, playbooks: Sequence[Playbook], exclude: Collection[str]
) -> Recommendation:
    """About one cause of the `whole`. A playbook is planned for one of them (`situation.about`), so offered for it."""
    fitting = ranked(playbooks, situation_of(diagnosis))
    if not fitting:
        return Recommendation((), "No playbook fits: look at the replies below and decide by hand.")
    best = fitting[0]
    found = _with_target(fitting, diagnosis, exclude) if best.steps else ()
    meant = (pair for pair in found if situation_of(about(pair[0], whole)) == situation_of(diagnosis))
    return Recommendation(
        tuple(_offer(playbook, part, diagnosis) for playbook, part in meant),
        best.advice.format(
            isp=diagnosis.title,
            cause=_cause(diagnosis),
            names=listed(diagnosis.contrast.keys if diagnosis.contrast else ()),
        ),
        check=best.check,
        pages=tuple(Page(link.text, link.url) for link in best.links),
    )


def _once(found: Sequence[Offer], playbooks: Sequence[Playbook]) -> tuple[Offer, ...]:
    """One offer for each playbook, and for each thing to do to the same targets."""
    by_name = {playbook.name: playbook for playbook in playbooks}
    kept: dict[tuple[frozenset[str], frozenset[str]], Offer] = {}
    for offer in found:
        if offer.playbook not in {one.playbook for one in kept.values()}:
            kept.setdefault((acts(by_name[offer.playbook]), frozenset(offer.targets)), offer)
    return tuple(kept.values())[: 1 + ALTERNATIVES]


def _not_judged(diagnosis: Diagnosis) -> str:
    if diagnosis.blind:
        return "No host can be seen now: nothing is recommended on stale data."
    if diagnosis.tier is not Tier.CLEAR:
        return ""
    told = _told_all_the_same(diagnosis)
    if not diagnosis.judged:
        few = f"Not enough mail to judge ({diagnosis.now.attempts} of {diagnosis.min_attempts} attempts)"
        return f"{few}, but {told}" if told else f"{few}."
    return f"Little is deferred, but {told}" if told else "Nothing to do."


def _told_all_the_same(diagnosis: Diagnosis) -> str:
    """What replies say that no rate shows: a dangerous cause, or much mail refused for good."""
    danger, first = diagnosis.causes.dangerous, diagnosis.causes.dominant
    if danger and not danger.weak:
        return f"{danger.count:,} replies speak of {danger.category.words}: look at them."
    by_them = first and first.category is not Category.NETWORK and not first.weak
    if first and by_them and first.bounced >= REFUSED * tries(diagnosis.now):
        return f"{first.bounced:,} recipients were refused for good ({first.category.words}): look at the replies."
    return ""


def _with_target(
    fitting: Sequence[Playbook], diagnosis: Diagnosis, exclude: Collection[str]
) -> Iterable[tuple[Playbook, Carried]]:
    done = {playbook.deeds for playbook in fitting if playbook.name in exclude}
    for playbook in fitting:
        part = carried(playbook, diagnosis)
        if part.n and playbook.deeds not in done and not against(playbook, diagnosis):
            done.add(playbook.deeds)
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
