"""What the lint of rule packs finds, and that the shipped packs are clean."""

from __future__ import annotations

import pytest

from bot.core.category import Category
from bot.core.pattern import BadPattern, read_pattern
from bot.playbook.isps import load_isps
from bot.playbook.load import load_packs
from bot.playbook.rule_lint import lint_rules
from bot.playbook.rule_pack import RulePack, RuleSpec
from tests.playbook_samples import PLAYBOOKS, RULES


def spec(name: str, pattern: str, example: str = "550 something") -> RuleSpec:
    return RuleSpec(
        id=name,
        pattern=pattern,
        category=Category.OTHER,
        severity=1,
        meaning="It says so.",
        check="Look.",
        examples=(example,),
    )


def pack(
    *phrases: RuleSpec, provider: str = "gmail", signatures: tuple[str, ...] = (), also: tuple[str, ...] = ()
) -> RulePack:
    return RulePack(provider=provider, signatures=signatures, phrases=phrases, also=also)


def test_shipped_packs_are_clean() -> None:
    assert lint_rules(load_packs(RULES), load_isps(PLAYBOOKS / "isps.yaml").keys()) == []


@pytest.mark.parametrize(
    ("earlier", "later", "said"),
    [
        ("quota", "over quota", "a rule that can decide expected, found one in the shadow of first"),
        ("quota", "over quota|mailbox full", "texts of its own expected, found 'over quota', which first takes first"),
        ("quota", "(?:over|out of) quota", "in the shadow of first"),
        ("quota", "over (?:quota|limit)", ""),
        # at the start only, or a whole word only, takes less than all
        ("^quota", "over quota", ""),
        (r"\bquota", "overquota", ""),
        (r"mail.{0,20}full", "mailbox full", "in the shadow of first"),
        (r"mail full", "mail.{0,20}full", ""),
    ],
)
def test_what_an_earlier_rule_takes(earlier: str, later: str, said: str) -> None:
    faults = lint_rules([pack(spec("first", earlier), spec("second", later))], ["gmail"])
    assert [said in fault for fault in faults] == ([True] if said else [])
    assert all(fault.startswith("gmail: phrases[1].pattern (second): ") for fault in faults)


def test_replies_that_two_providers_claim() -> None:
    one = pack(spec("one", "busy", "421 busy - ourmx"), provider="gmail", signatures=("ourmx",))
    two = pack(spec("two", "idle", "421 idle - theirmx ourmx"), provider="yahoo", signatures=("theirmx",))
    (fault,) = lint_rules([one, two], ["gmail", "yahoo"])
    assert fault == "yahoo: phrases[0].examples (two): the signature of yahoo alone expected, found that of gmail"


def test_isps_that_two_packs_hold_for_and_unknown_ones() -> None:
    packs = [pack(provider="gmail", also=("aol",)), pack(provider="yahoo", also=("aol", "nobody"))]
    assert lint_rules(packs, ["gmail", "yahoo", "aol"]) == [
        "aol: one pack that holds for it expected, found 2",
        "yahoo: provider or also: a key of isps.yaml expected, found 'nobody'",
    ]


def test_a_pattern_without_bounds_is_found_in_a_pack_made_by_hand() -> None:
    wild = spec("wild", "foo bar").model_copy(update={"pattern": "x.{0,99}y.{0,99}z"})
    (fault,) = lint_rules([pack(wild)], ["gmail"])
    assert fault.startswith(
        "gmail: phrases[0].pattern (wild): at most 8,000 ways to try a branch expected, found 10,000"
    )


def test_too_many_costly_patterns_are_a_fault() -> None:
    costly = [spec(f"rule-{n}", f"word{n} .{{0,80}}a.{{0,80}}b{n}") for n in range(30)]
    (fault,) = lint_rules([pack(*costly)], ["gmail"])
    assert fault == "all packs: at most 150,000 ways to try their patterns expected, found 196,830"


@pytest.mark.parametrize(
    ("pattern", "ways", "words"),
    [
        ("Over Quota", [1], [("over quota",)]),
        ("a.{0,9}bcd|ef", [10, 1], [("bcd",), ("ef",)]),
        (r"(?:user|recipient) unknown", [1], [(" unknown",)]),
        (r"(?:user|recipient) no", [1], [("user", "recipient")]),
        (r"(?:list|listed) by", [2], [("list", "listed")]),
        (r"\b4\.7\.\d{1,3}", [3], [("4.7.",)]),
        (r"[ab]\d", [1], [()]),
        (r"(?:x|[yz])(?:foo)?", [4], [()]),
        (r"(?<!a)foo(?! bar)", [1], [("foo",)]),
        (r"x{3}y{2,4}z", [3], [("z",)]),
    ],
)
def test_what_a_pattern_says_of_itself(pattern: str, ways: list[int], words: list[tuple[str, ...]]) -> None:
    branches = read_pattern(pattern)
    assert [branch.ways for branch in branches] == ways
    assert [branch.words for branch in branches] == words


def test_one_text_for_each_choice() -> None:
    (branch,) = read_pattern(r"(?:a|b c)d?.{0,9}[xy]\b")
    assert set(branch.samples()) == {"adx", "ad x", "ax", "a x", "b cdx", "b cd x", "b cx", "b c x"}


@pytest.mark.parametrize("pattern", ["(", "a*", "(?:a){2}", r"(a)\1", "(?P<n>a)"])
def test_what_is_no_pattern_of_ours(pattern: str) -> None:
    with pytest.raises(BadPattern, match="expected, found"):
        read_pattern(pattern)
