"""What is said of one case, and whether it is right."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from bot.core.campaigns import hits_of, level_rows
from bot.core.carriers import MIN_ATTEMPTS
from bot.core.category import Category
from bot.core.causes import find_causes, is_dangerous, tries
from bot.core.contrast import Around, contrast
from bot.core.finding import Cause, Causes, Contrast, Elsewhere, Kind
from tests.looking import knowledge
from tests.scenarios.cases import PACED, Case
from tests.scenarios.mail import Hour, hour

EQUAL = 0.8
"""From this part of a planted trouble on everyday replies may be the commonest."""


class Mark(StrEnum):
    RIGHT = "right"
    UNSURE = "cannot tell"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Answer:
    """`said` for `asked`, to be compared with `label`. `grave`: it is about a dangerous cause."""

    case: str
    asked: str
    label: str
    said: str
    mark: Mark
    grave: bool


def found_in(made: Hour, isp: str) -> tuple[Causes, dict[Category, Contrast]]:
    causes = find_causes(made.cells, made.samples, lambda reply: knowledge().classifier.classify(reply, isp))
    return causes, {line.category: contrast(made.cells, line, _around(made, line)) for line in causes.lines}


def _around(made: Hour, cause: Cause) -> Around:
    minutes = {(0, job): tally for job, tally in made.jobs.items()}
    rows = level_rows(minutes, hits_of(made.answered, cause.templates))
    return Around(rows, made.elsewhere, made.earlier, by_cause=True)


def answers(case: Case, seed: int) -> list[Answer]:
    made = hour(case.isp, case.ours, case.troubles, f"{case.name}/{seed}")
    causes, where = found_in(made, case.isp)
    usual = (PACED[case.isp],) if made.everyday > EQUAL * made.planted else ()
    return [_commonest(case, (*usual, *case.causes), causes), _danger(case, causes), _where(case, where, _few(made))]


def _commonest(case: Case, right: tuple[Category, ...], causes: Causes) -> Answer:
    said = causes.dominant.category if causes.dominant and not causes.doubt else None
    mark = Mark.UNSURE if said is None else Mark.RIGHT if said in right else Mark.WRONG
    grave = any(is_dangerous(category) for category in (right[0], *([said] if said else [])))
    label = said if said in right else right[0]
    return Answer(case.name, "cause", label, said or Mark.UNSURE, mark, grave)


def _danger(case: Case, causes: Causes) -> Answer:
    found = causes.dangerous
    label, said = case.danger or "none", found.category if found else "none"
    if found and found.weak:
        return Answer(case.name, "danger", label, Mark.UNSURE, Mark.UNSURE, True)
    right = said == label or (case.tiny and not found)
    return Answer(case.name, "danger", label, said, Mark.RIGHT if right else Mark.WRONG, True)


def _few(made: Hour) -> set[str]:
    """IPs with too little mail to be judged."""
    sent: Counter[str] = Counter()
    for (_, ip, _, _), tally in made.cells.items():
        sent[ip] += tries(tally)
    return {ip for ip, number in sent.items() if number < MIN_ATTEMPTS}


def _where(case: Case, where: dict[Category, Contrast], few: set[str]) -> Answer:
    about = case.of or case.causes[0]
    found = where.get(about)
    if found is None or found.kind is Kind.CANNOT_TELL:
        right = Kind.CANNOT_TELL in case.kind
        return Answer(case.name, "where", case.kind[0], Mark.UNSURE, Mark.RIGHT if right else Mark.UNSURE, False)
    right = found.kind in case.kind and (not case.keys or set(found.keys) == set(case.keys) - few)
    if right and found.elsewhere is Elsewhere.UNKNOWN and found.elsewhere not in case.elsewhere:
        return Answer(case.name, "where", case.kind[0], Mark.UNSURE, Mark.UNSURE, False)
    right = right and found.elsewhere in case.elsewhere
    mark = Mark.RIGHT if right else Mark.WRONG
    return Answer(case.name, "where", found.kind if right else case.kind[0], found.kind, mark, is_dangerous(about))
