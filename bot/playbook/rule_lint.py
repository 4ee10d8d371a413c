"""What is wrong with rule packs that load: rules that cannot decide, providers claiming each other's replies. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

from bot.core.classify import GENERIC, Classifier
from bot.core.pattern import SAMPLES, Branch, read_pattern
from bot.playbook.patterns import fault_of
from bot.playbook.rule_pack import RulePack, RuleSpec

MOST_WAYS_IN_ALL = 150_000
"""Ways all branches of all packs may be tried at one place of a text, together."""

_Earlier = list[tuple[str, re.Pattern[str]]]


def lint_rules(packs: Sequence[RulePack], isps: Collection[str]) -> list[str]:
    """Every fault, each `provider: place: expected, found`. `isps`: the keys of the ISP catalog."""
    return [
        *(fault for pack in packs for fault in _dangerous(pack)),
        *(fault for pack in packs for fault in _shadowed(pack)),
        *_overlapping(packs),
        *_unknown(packs, isps),
        *too_much(packs),
    ]


def _dangerous(pack: RulePack) -> Iterator[str]:
    """Patterns whose work on a hostile text is not bounded; a pack that was not read from a file may hold them."""
    for _, key, place, spec in pack.specs():
        if fault := fault_of(spec.pattern):
            yield f"{pack.provider}: {key}[{place}].pattern ({spec.id}): {fault}"
    for place, pattern in enumerate(pack.signatures):
        if fault := fault_of(pattern):
            yield f"{pack.provider}: signatures[{place}]: {fault}"


def _shadowed(pack: RulePack) -> Iterator[str]:
    """Rules, or branches of their patterns, that never decide because an earlier rule of the pack takes every text."""
    earlier: _Earlier = []
    for _, key, place, spec in pack.specs():
        taken = {branch.source: _taken_by(branch, earlier) for branch in read_pattern(spec.pattern)}
        where = f"{pack.provider}: {key}[{place}].pattern ({spec.id})"
        if all(taken.values()):
            yield f"{where}: a rule that can decide expected, found one in the shadow of {_names(taken.values())}"
        else:
            for source, rule in taken.items():
                if rule:
                    yield f"{where}: texts of its own expected, found {source!r}, which {rule} takes first"
        earlier.append((spec.id, _compiled(spec)))


def _names(rules: Iterable[str]) -> str:
    return ", ".join(sorted(set(rules)))


def _compiled(spec: RuleSpec) -> re.Pattern[str]:
    return re.compile(spec.pattern, re.IGNORECASE)


def _taken_by(branch: Branch, earlier: _Earlier) -> str:
    """The earlier rule that takes every text the branch fits, in any surroundings; "" where there may be others."""
    texts = list(islice(branch.samples(), SAMPLES + 1))
    if len(texts) > SAMPLES:
        return ""
    around = [f"{left}{text}{right}" for text in texts for left, right in (("", ""), (" ", " "), ("x", "x"))]
    fitting = [text for text in around if re.search(branch.source, text, re.IGNORECASE)]
    takers = {next((name for name, pattern in earlier if pattern.search(text)), "") for text in fitting}
    return "" if not takers or "" in takers else ", ".join(sorted(takers))


def _overlapping(packs: Sequence[RulePack]) -> Iterator[str]:
    """Replies of one provider that carry another's signature, ISPs that two packs hold for."""
    asked = Classifier([], {pack.provider: pack.signatures for pack in packs})
    for pack in packs:
        if pack.provider == GENERIC:
            continue
        for _, key, place, spec in pack.specs():
            others = {other for text in spec.examples for other in asked.signed_by(text)} - {pack.provider}
            if others:
                yield (
                    f"{pack.provider}: {key}[{place}].examples ({spec.id}): the signature of {pack.provider} alone "
                    f"expected, found that of {', '.join(sorted(others))}"
                )
    for isp, times in Counter(isp for pack in packs for isp in {pack.provider, *pack.also}).items():
        if times > 1:
            yield f"{isp}: one pack that holds for it expected, found {times}"


def _unknown(packs: Sequence[RulePack], isps: Collection[str]) -> Iterator[str]:
    for pack in packs:
        for isp in {pack.provider, *pack.also} - {GENERIC, *isps}:
            yield f"{pack.provider}: provider or also: a key of isps.yaml expected, found {isp!r}"


def too_much(packs: Sequence[RulePack]) -> Iterator[str]:
    """One fault where the patterns of all packs together may cost more than is affordable."""
    ways = sum(branch.ways for pack in packs for _, _, _, spec in pack.specs() for branch in read_pattern(spec.pattern))
    if ways > MOST_WAYS_IN_ALL:
        yield f"all packs: at most {MOST_WAYS_IN_ALL:,} ways to try their patterns expected, found {ways:,}"
