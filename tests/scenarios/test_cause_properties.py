"""What may not change an answer: more of the same mail, other names, an innocent ISP. Less mail only unsettles it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.campaigns import rows_of
from bot.core.category import Category
from bot.core.causes import Classify, Key, find_causes
from bot.core.contrast import Around, contrast
from bot.core.finding import Causes, Contrast, Elsewhere, Kind
from bot.core.model import Tally
from tests.looking import knowledge
from tests.scenarios.cases import CASES, Case
from tests.scenarios.mail import Hour, hour
from tests.watch_rig import REPUTATION

PLENTY = [case for case in CASES if not case.tiny]
NAMES = [case.name for case in PLENTY]


def classify_at(isp: str) -> Classify:
    return lambda reply: knowledge().classifier.classify(reply, isp)


def found(case: Case, made: Hour) -> tuple[Causes, Contrast]:
    causes = find_causes(made.cells, made.samples, classify_at(case.isp))
    about = case.of or case.causes[0]
    line = next((line for line in causes.lines if line.category is about), None)
    if line is None:
        return causes, Contrast(Kind.CANNOT_TELL)
    return causes, contrast(made.cells, line, Around(rows_of(made.jobs), made.elsewhere, made.earlier))


@cache
def plain(name: str) -> tuple[Case, Hour]:
    case = next(case for case in PLENTY if case.name == name)
    return case, hour(case.isp, case.ours, case.troubles, case.name)


@cache
def average(name: str, factor: float) -> tuple[Causes, Contrast]:
    """What is said of `factor` times the mail of this case, with no luck in it."""
    case = next(case for case in PLENTY if case.name == name)
    ours = replace(case.ours, volume=case.ours.volume * factor, elsewhere=case.ours.elsewhere * factor)
    return found(case, hour(case.isp, ours, case.troubles, case.name, average=True))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("factor", [0.1, 0.3, 1.0, 3.0])
def test_less_of_the_same_mail_only_unsettles(name: str, factor: float) -> None:
    """From ten times the mail down to a tenth of it: the same, or less sure, never something else."""
    much_causes, much = average(name, 10.0)
    causes, where = average(name, factor)
    assert where.kind in (much.kind, Kind.CANNOT_TELL)
    assert where.elsewhere in (much.elsewhere, Elsewhere.UNKNOWN)
    if where.kind is not Kind.CANNOT_TELL:
        assert set(where.keys) <= set(much.keys)
    assert causes.doubt or (causes.dominant and causes.dominant.category) is (
        much_causes.dominant and much_causes.dominant.category
    )
    assert causes.doubt or not much_causes.doubt


@pytest.mark.parametrize("name", NAMES)
def test_what_carries_it_carries_it_in_more_of_the_same_mail(name: str) -> None:
    """Every count times 25: whoever was named is named again, and nobody else."""
    case, made = plain(name)
    (_, before), (_, after) = found(case, made), found(case, times(made, 25))
    if before.narrow:
        assert (after.kind, sorted(after.keys), after.share) == (before.kind, sorted(before.keys), before.share)


def times(made: Hour, factor: int) -> Hour:
    return Hour(
        {key: _times(tally, factor) for key, tally in made.cells.items()},
        {key: _times(tally, factor) for key, tally in made.jobs.items()},
        {key: _times(tally, factor) for key, tally in made.elsewhere.items()},
        {ip: number * factor for ip, number in made.earlier.items()},
        made.samples,
    )


def _times(tally: Tally, factor: int) -> Tally:
    return Tally(
        tally.delivered * factor, tally.deferred * factor, tally.bounced * factor, tally.queue_deferred * factor
    )


@pytest.mark.parametrize("name", NAMES)
def test_other_names_change_nothing_else(name: str) -> None:
    case, made = plain(name)
    ips = sorted({key[1] for key in made.cells})
    other = dict(zip(ips, [f"203.0.113.{n}" for n in range(len(ips))][::-1], strict=True))
    renamed = replace(
        made,
        cells={(host, other[ip], vmta, reply): tally for (host, ip, vmta, reply), tally in made.cells.items()},
        elsewhere={(other[ip], title): tally for (ip, title), tally in made.elsewhere.items()},
        earlier={other[ip]: number for ip, number in made.earlier.items()},
    )
    (_, before), (_, after) = found(case, made), found(case, renamed)
    assert (after.kind, after.elsewhere, after.of, after.share) == (
        before.kind, before.elsewhere, before.of, before.share,
    )  # fmt: skip
    assert sorted(after.keys) == sorted(other.get(key, key) for key in before.keys)


@pytest.mark.parametrize("name", NAMES)
def test_an_innocent_isp_changes_nothing(name: str) -> None:
    case, made = plain(name)
    ips = {key[1] for key in made.cells}
    more = {**made.elsewhere, **{(ip, "Posteo"): Tally(500, 3) for ip in ips}}
    (_, before), (_, after) = found(case, made), found(case, replace(made, elsewhere=more))
    assert (after.kind, after.keys) == (before.kind, before.keys)
    assert before.elsewhere in (after.elsewhere, Elsewhere.UNKNOWN)


planted = st.fixed_dictionaries(
    {"bad": st.integers(1, 4), "good": st.integers(5, 30), "tries": st.integers(1, 400), "high": st.integers(30, 95)}
)


@given(planted, st.integers(2, 50))
def test_planted_ips_are_found_or_nothing_is_said(made: dict[str, int], factor: int) -> None:
    """Whoever is named was planted; with more of the same mail it is still them."""
    named = []
    for times_so_many in (1, factor):
        cells = _planted(made, times_so_many)
        causes = find_causes(cells, {}, classify_at("gmail"))
        if causes.dominant is None:
            continue
        where = contrast(cells, causes.dominant, Around())
        assert where.kind in (Kind.IPS, Kind.CANNOT_TELL)
        assert set(where.keys) <= {f"bad-{n}" for n in range(made["bad"])}
        assert causes.dominant.category is Category.REPUTATION_IP
        named.append(set(where.keys))
    assert len(named) < 2 or named[0] <= named[1]


def _planted(made: dict[str, int], factor: int) -> dict[Key, Tally]:
    cells: dict[Key, Tally] = {}
    for n in range(made["bad"]):
        hit = made["tries"] * made["high"] // 100
        cells["mta1", f"bad-{n}", "v1", ""] = Tally((made["tries"] - hit) * factor)
        cells["mta1", f"bad-{n}", "v1", REPUTATION] = Tally(0, hit * factor)
    for n in range(made["good"]):
        cells["mta1", f"good-{n}", "v1", ""] = Tally(made["tries"] * factor)
    return cells
