"""A proposed rule becomes a rule of the local file, once a person has said what the replies mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.core.category import Category
from bot.core.change import Refusal
from bot.core.proposal import Proposal
from bot.playbook.local_file import rule_yaml
from bot.ports import AuditLog, Clock
from bot.services.rule_book import RuleBook


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person says of the replies; texts left empty are ours."""

    category: Category
    meaning: str = ""
    check: str = ""


@dataclass(frozen=True, slots=True)
class Adopted:
    """`rules`: their ids, as verdicts name them; `covered`: ids of clusters another of these rules decides."""

    rules: tuple[str, ...]
    category: Category
    file: str
    covered: tuple[str, ...] = ()


class Adopt:
    """Writes rules into the local file. Safe to call from any thread."""

    def __init__(self, *, book: RuleBook, audit: AuditLog, clock: Clock) -> None:
        self._book = book
        self._audit = audit
        self._clock = clock

    def rule_text(self, proposal: Proposal, choice: Choice, *, by: str) -> str:
        """The rule as it would stand in the file."""
        words, isps = choice.category.words, " ".join(list(proposal.cluster.isps)[:3])
        meaning = " ".join(choice.meaning.split()) or f"A reply of the kind {words}, by a rule of our own."
        check = " ".join(choice.check.split()) or "Read the reply; our own rules say no more of it."
        fields: list[tuple[str, str | int | Sequence[str]]] = [
            ("id", proposal.rule),
            ("provider", proposal.provider),
            ("pattern", proposal.pattern),
            ("category", choice.category.value),
            ("severity", self._severity(choice.category)),
            ("meaning", meaning),
            ("check", check),
            ("examples", proposal.samples),
        ]
        at = self._clock.now().date().isoformat()
        return rule_yaml(fields, f"Adopted {at} by {by}: {proposal.cluster.count} replies of {isps}")

    def adopt(self, proposals: Iterable[Proposal], choice: Choice, *, by: str) -> Adopted | Refusal:
        """Write the rules of `proposals`, all or none. What is in the file already is refused.

        Raises: ConfigError where the file would have faults, StoreError; it is as it was then.
        """
        wanted = list(proposals)
        if lacking := next((proposal for proposal in wanted if not proposal.pattern), None):
            return Refusal("no pattern", _no_pattern(lacking))
        kept = _apart(wanted)
        if there := self._book.add({each.rule: self.rule_text(each, choice, by=by) for each in kept}):
            return Refusal("adopted", f"{there} is in {self._book.path} already; nothing more was done.")
        adopted = Adopted(
            rules=tuple(f"{proposal.provider}/{proposal.rule}" for proposal in kept),
            category=choice.category,
            file=str(self._book.path),
            covered=tuple(proposal.cluster.id for proposal in wanted if proposal not in kept),
        )
        self._audit.append(
            at=self._clock.now(),
            actor=by,
            action="rule_adopted",
            subject=adopted.file,
            detail={"rules": adopted.rules, "patterns": [one.pattern for one in kept], "category": choice.category},
        )
        return adopted

    def _severity(self, category: Category) -> int:
        """As most shipped rules of that category have it."""
        specs = (spec for pack in self._book.rules.packs for _, _, _, spec in pack.specs())
        usual = Counter(spec.severity for spec in specs if spec.category is category)
        return max(usual, key=lambda severity: (usual[severity], -severity), default=2)


def _no_pattern(proposal: Proposal) -> str:
    return (
        f"{proposal.cluster.id}: these replies have no words of their own in common, so no rule can be proposed; "
        "write one by hand if you can tell them."
    )


def _apart(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Without those whose replies another one's pattern takes already."""
    kept: list[Proposal] = []
    for proposal in proposals:
        if not any(proposal.is_taken_by(other) for other in kept):
            kept.append(proposal)
    return kept
