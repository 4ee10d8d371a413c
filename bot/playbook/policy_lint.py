"""What the patterns of a policy do to each other, and to replies that must not be overlooked. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.core.classify import GENERIC, Classifier
from bot.core.policy import DEFAULT, Pattern, Policies, Policy, Sort, Special, Transient, waits_text
from bot.core.reply import clean
from bot.core.wait import stated_wait_s
from bot.playbook.rule_pack import RulePack

DANGEROUS = 3
"""Severity from which a person has to act: such a reply must not leave the rate."""
MOST_STEPS = 30
"""Waits that one `retry-after` of PMTA takes."""


@dataclass(frozen=True, slots=True)
class Remark:
    """`wrong`: the file does not do what it says; else it may be meant so."""

    text: str
    wrong: bool = True


@dataclass(frozen=True, slots=True)
class _Entry:
    place: str
    origin: str
    pattern: Pattern
    examples: tuple[str, ...]

    def left(self, other: _Entry) -> list[str]:
        """The examples of `other` that this one does not take."""
        return [example for example in other.examples if not self.pattern.matches(clean(example))]


def lint_policies(policies: Policies, classifier: Classifier, packs: Sequence[RulePack]) -> Iterator[Remark]:
    """Remarks on every policy; what `default` writes is told once, where it stands."""
    for policy in policies:
        isps = policies.isps_of(policy.name)
        yield from _order(policy)
        yield from _waits(policy, classifier, isps)
        yield from _hidden(policy, classifier, isps, packs)


def _entries(policy: Policy) -> Iterator[_Entry]:
    """Transient and special entries in the order they are asked, inherited ones too."""
    lists: tuple[tuple[Sort, Sequence[Special | Transient]], ...] = (
        (Sort.TRANSIENT, policy.transient),
        (Sort.SPECIAL, policy.special),
    )
    for sort, entries in lists:
        own = sum(each.origin == policy.name for each in entries)
        for number, each in enumerate(entries):
            place = number if each.origin == policy.name else number - own
            yield _Entry(_place(each.origin, sort, place), each.origin, each.pattern, each.examples)


def _place(origin: str, sort: Sort, place: int) -> str:
    return f"policies.{origin}.{sort.value}[{place}]"


def _order(policy: Policy) -> Iterator[Remark]:
    """Entries that an earlier one takes from; one that is inherited may well be overruled, so it is not told."""
    entries = list(_entries(policy))
    for number, entry in enumerate(entries):
        if entry.origin == policy.name:
            yield from _beside(entry, entries[:number])


def _beside(entry: _Entry, earlier: Sequence[_Entry]) -> Iterator[Remark]:
    text = entry.pattern.text
    shadow = next((each for each in earlier if each.pattern.contains(entry.pattern) or not each.left(entry)), None)
    if shadow:
        yield Remark(
            f"{entry.place}: expected replies that nothing before it takes, found {text!r} shadowed by "
            f"{shadow.pattern.text!r} ({shadow.place}); put it before that, or take it out"
        )
        return
    for each in earlier:
        if len(each.left(entry)) < len(entry.examples) or len(entry.left(each)) < len(each.examples):
            yield Remark(
                f"{entry.place}: {text!r} and {each.pattern.text!r} ({each.place}) overlap: the latter is asked first",
                wrong=False,
            )


def _waits(policy: Policy, classifier: Classifier, isps: Sequence[str]) -> Iterator[Remark]:
    if not policy.universal_from:
        yield from _steps(f"policies.{policy.name}.universal", policy.universal)
    for number, special in enumerate(policy.special):
        if special.origin == policy.name:
            place = f"{_place(policy.name, Sort.SPECIAL, number)}.wait"
            yield from _steps(place, special.waits)
            yield from _too_short(place, special, classifier, isps[0] if isps else "")


def _steps(place: str, waits: Sequence[int]) -> Iterator[Remark]:
    if len(waits) > MOST_STEPS:
        yield Remark(f"{place}: {len(waits)} waits; PMTA takes {MOST_STEPS} at most", wrong=False)
    for number, (one, following) in enumerate(pairwise(waits), start=2):
        if following < one:
            text = f"{place}: item {number}, {waits_text((following,))}, is shorter than the one before"
            yield Remark(text, wrong=False)


def _too_short(place: str, special: Special, classifier: Classifier, isp: str) -> Iterator[Remark]:
    """A first wait that ends before the reply says that a retry makes sense."""
    for example in special.examples:
        stated = stated_wait_s(clean(example)) or 0
        advised = classifier.classify(example, isp).advised_wait_s or 0
        if special.waits[0] < max(stated, advised):
            source = "the reply itself states it" if stated >= advised else "it is known of this reply"
            text = (
                f"{place}: expected {waits_text((max(stated, advised),))} or more first, as {source}, "
                f"found {waits_text(special.waits[:1])}"
            )
            yield Remark(text, wrong=stated >= advised)
            return


def _hidden(policy: Policy, classifier: Classifier, isps: Sequence[str], packs: Sequence[RulePack]) -> Iterator[Remark]:
    """Transient patterns that take a reply on which a person has to act."""
    known = list(_dangers(packs, () if policy.name == DEFAULT else isps))
    for number, noise in enumerate(policy.transient):
        if noise.origin == policy.name:
            own = [(isps[0] if isps else "", example) for example in noise.examples]
            if found := _danger(noise, [*own, *known], classifier):
                yield Remark(f"{_place(policy.name, Sort.TRANSIENT, number)}.match: {found}")


def _dangers(packs: Sequence[RulePack], isps: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(ISP, reply) of the packs' dangerous examples that `isps` may send; none named is all."""
    for pack in packs:
        if not isps or pack.provider == GENERIC or {pack.provider, *pack.also} & set(isps):
            isp = "" if pack.provider == GENERIC else pack.provider
            specs = (spec for _, _, _, spec in pack.specs() if spec.severity >= DANGEROUS)
            yield from ((isp, example) for spec in specs for example in spec.examples)


def _danger(noise: Transient, replies: Sequence[tuple[str, str]], classifier: Classifier) -> str:
    for isp, reply in replies:
        if noise.pattern.matches(clean(reply)):
            verdict = classifier.classify(reply, isp)
            if verdict.severity >= DANGEROUS:
                return (
                    f"expected to hide no reply that a person has to act on, found {noise.pattern.text!r}, which "
                    f"takes {clean(reply)[:100]!r} ({verdict.category.value})"
                )
    return ""
