"""What is said of every labelled case, against what is so: the confusion table and what it must show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from tests.scenarios.answer import Answer, Mark, answers
from tests.scenarios.cases import CASES

SEEDS = (1, 2, 3)
GOOD = 0.95
"""Right or "cannot tell", of all answers; the project's own aim."""
TOLD = 0.75
"""Right, of all answers about mail there is enough of: "cannot tell" is no way to pass."""


@pytest.fixture(scope="module")
def said() -> list[Answer]:
    return [answer for case in CASES for seed in SEEDS for answer in answers(case, seed)]


def test_there_are_enough_cases_and_each_has_its_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 40
    assert {case.danger for case in CASES if case.tiny} >= {case.danger for case in CASES if case.danger}


@pytest.mark.parametrize("asked", ["cause", "danger", "where"])
def test_answers_are_right_or_cannot_tell(said: list[Answer], asked: str) -> None:
    about = [answer for answer in said if answer.asked == asked]
    print(f"\n{table(about)}")  # noqa: T201 (the table is what this test shows)
    wrong = [answer for answer in about if answer.mark is Mark.WRONG]
    assert len(wrong) <= (1 - GOOD) * len(about), wrong


def test_nothing_dangerous_is_told_wrongly(said: list[Answer]) -> None:
    assert [answer for answer in said if answer.grave and answer.mark is Mark.WRONG] == []


def test_where_there_is_mail_enough_most_is_told(said: list[Answer]) -> None:
    tiny = {case.name for case in CASES if case.tiny}
    plenty = [answer for answer in said if answer.case not in tiny]
    assert sum(answer.mark is Mark.RIGHT for answer in plenty) >= TOLD * len(plenty)


def table(about: Iterable[Answer]) -> str:
    """Rows are what is so, columns what was said; "cannot tell" comes last."""
    counted = Counter((answer.label, answer.said) for answer in about)
    columns = sorted({said for _, said in counted}, key=lambda name: (name == Mark.UNSURE, name))
    rows = sorted({label for label, _ in counted})
    lines = ["".join(["is \\ said".ljust(20), *(name[:10].rjust(12) for name in columns)])]
    for row in rows:
        cells = (str(counted[row, column] or "·").rjust(12) for column in columns)
        lines.append("".join([row.ljust(20), *cells]))
    return "\n".join(lines)
