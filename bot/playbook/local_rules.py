"""Rules of one's own, `replies.local.yaml`: the form of a pack, where a rule may name another provider than the file.

They are asked before the shipped rules of the same provider and stage.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Annotated

from pydantic import Field

from bot.core.classify import GENERIC
from bot.playbook.rule_lint import lint_rules, too_much
from bot.playbook.rule_pack import KEY, Placed, RulePack, RuleSpec


class LocalRule(RuleSpec):
    """`provider`: an ISP key or "generic"; None for the file's own."""

    provider: Annotated[str, Field(pattern=KEY)] | None = None


class LocalPack(RulePack):
    """The file. Its rules hold for everybody where neither they nor the file name a provider."""

    provider: Annotated[str, Field(pattern=KEY)] = GENERIC
    tokens: tuple[LocalRule, ...] = ()
    phrases: tuple[LocalRule, ...] = ()
    statuses: tuple[LocalRule, ...] = ()
    codes: tuple[LocalRule, ...] = ()

    def provider_of(self, spec: RuleSpec) -> str:
        return (spec.provider if isinstance(spec, LocalRule) else None) or self.provider

    def parts(self) -> tuple[RulePack, ...]:
        """One pack for each provider; its rules keep their places in the file."""
        others = {self.provider_of(spec) for _, _, _, spec in self.specs()} - {self.provider}
        return (
            _Part(whole=self, provider=self.provider, link=self.link, also=self.also, signatures=self.signatures),
            *(_Part(whole=self, provider=provider, link=self.link) for provider in sorted(others)),
        )


class _Part(RulePack):
    """The rules of `whole` that are for `provider`."""

    whole: LocalPack

    def specs(self) -> Iterable[Placed]:
        return (placed for placed in self.whole.specs() if self.whole.provider_of(placed[3]) == self.provider)


def lint_local(local: LocalPack, shipped: Sequence[RulePack], isps: Collection[str]) -> list[str]:
    """Faults of the file's rules, each `provider: place: expected, found`; see `rule_lint`. What a shipped rule would
    have decided they may take."""
    parts = local.parts()
    kept = {part.provider for part in parts}
    # without their rules: whose signatures an example carries is asked of all packs
    signs = [pack.model_copy(update=_NO_RULES) for pack in shipped if pack.provider not in kept]
    return [*lint_rules([*parts, *signs], isps), *too_much([*shipped, *parts])]


_NO_RULES: dict[str, tuple[RuleSpec, ...]] = {"tokens": (), "phrases": (), "statuses": (), "codes": ()}
