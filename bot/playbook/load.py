"""Rule packs and playbooks from their folders; every fault of every file is reported at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core.classify import GENERIC, Classifier
from bot.errors import ConfigError
from bot.playbook.local_rules import LocalPack
from bot.playbook.rule_pack import RulePack
from bot.playbook.schema import Playbook
from bot.yaml_file import Model, load_yaml

NOT_PLAYBOOKS = frozenset({"isps.yaml", "policies.yaml"})
"""Files that lie beside the playbooks and are read elsewhere."""


def load_playbooks(folder: Path) -> tuple[Playbook, ...]:
    """Every `*.yaml` in `folder` but `NOT_PLAYBOOKS`, by name.

    Raises: ConfigError with all faults of all files, each `file: path: expected, found`.
    """
    found, faults = _load(Playbook, [path for path in _files(folder) if path.name not in NOT_PLAYBOOKS])
    for path, playbook in found:
        if playbook.name != path.stem:
            faults.append(f'{path}: name: "{path.stem}" as the file is called expected, found "{playbook.name}"')
    _raise(faults)
    return tuple(playbook for _, playbook in found)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The shipped packs, the rules of one's own over them, and the classifier of both."""

    packs: tuple[RulePack, ...]
    local: LocalPack | None
    classifier: Classifier

    @classmethod
    def shipped(cls, packs: tuple[RulePack, ...]) -> RuleSet:
        """Without rules of one's own."""
        return cls(packs, None, _classifier(packs))

    def taken_over(self) -> Iterable[tuple[str, str]]:
        """(local rule, shipped rule) where the first now decides an example of the second."""
        own = {rule.id for part in self.local.parts() for rule in part.rules()} if self.local else set()
        for pack in self.packs if own else ():
            for _, _, _, spec in pack.specs():
                deciding = {_decides(self.classifier, example, pack) for example in spec.examples}
                yield from ((rule, f"{pack.provider}/{spec.id}") for rule in sorted(deciding & own))


def load_rules(folder: Path) -> Classifier:
    """A classifier of every pack in `folder`; each rule must decide its own examples.

    Raises: ConfigError with all faults of all files, each `file: path: expected, found`.
    """
    return load_rule_set(folder).classifier


def load_rule_set(folder: Path, local: Path | None = None) -> RuleSet:
    """The packs of `folder`, and the rules of `local` before them where that file exists.

    Raises: as `load_rules`.
    """
    found = _packs(folder)
    shipped = RuleSet.shipped(tuple(pack for _, pack in found))
    _raise([fault for path, pack in found for fault in _examples(path, pack, shipped.classifier)])
    return with_local(shipped, local) if local is not None and local.exists() else shipped


def with_local(rules: RuleSet, path: Path) -> RuleSet:
    """`rules` with those of the file `path` before them, in the place of those that were there.

    Raises: ConfigError with all faults of the file.
    """
    local = load_yaml(path, LocalPack)
    parts = local.parts()
    shipped = {f"{pack.provider}/{spec.id}" for pack in rules.packs for _, _, _, spec in pack.specs()}
    _raise(list(_named_again(path, local, shipped)))
    classifier = _classifier((*parts, *rules.packs))
    _raise([fault for part in parts for fault in _examples(path, part, classifier)])
    return RuleSet(rules.packs, local, classifier)


def _classifier(packs: Sequence[RulePack]) -> Classifier:
    """The rules of an earlier pack are asked before those of a later one of the same provider."""
    signatures: dict[str, tuple[str, ...]] = {}
    also: dict[str, tuple[str, ...]] = {}
    for pack in packs:
        signatures[pack.provider] = (*signatures.get(pack.provider, ()), *pack.signatures)
        also[pack.provider] = (*also.get(pack.provider, ()), *pack.also)
    return Classifier([rule for pack in packs for rule in pack.rules()], signatures, also)


def load_packs(folder: Path) -> tuple[RulePack, ...]:
    """The packs of `folder` as they are written, by file name.

    Raises: ConfigError with all faults of all files; whether a rule decides its examples is `load_rules`' matter.
    """
    return tuple(pack for _, pack in _packs(folder))


def _packs(folder: Path) -> list[tuple[Path, RulePack]]:
    found, faults = _load(RulePack, _files(folder))
    faults += _named_twice(found)
    _raise(faults)
    return found


def _files(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ConfigError([f"{folder}: a folder with *.yaml files expected, found none"])
    return paths


def _load(model: type[Model], paths: Iterable[Path]) -> tuple[list[tuple[Path, Model]], list[str]]:
    found: list[tuple[Path, Model]] = []
    faults: list[str] = []
    for path in paths:
        try:
            found.append((path, load_yaml(path, model)))
        except ConfigError as fault:
            faults += fault.faults
    return found, faults


def _named_twice(found: Iterable[tuple[Path, RulePack]]) -> Iterable[str]:
    seen: set[str] = set()
    for path, pack in found:
        if pack.provider != path.stem:
            yield f'{path}: provider: "{path.stem}" as the file is called expected, found "{pack.provider}"'
        yield from _seen_before(path, pack, seen)


def _named_again(path: Path, local: LocalPack, shipped: Collection[str]) -> Iterable[str]:
    seen = set(shipped)
    for part in local.parts():
        yield from _seen_before(path, part, seen)


def _seen_before(path: Path, pack: RulePack, seen: set[str]) -> Iterable[str]:
    """Names that are in `seen` already; the pack's are added to it."""
    for _, key, place, spec in pack.specs():
        name = f"{pack.provider}/{spec.id}"
        if name in seen:
            yield f'{path}: {key}[{place}].id: a name of its own expected, found "{spec.id}" twice'
        seen.add(name)


def _examples(path: Path, pack: RulePack, classifier: Classifier) -> Iterable[str]:
    for _, key, place, spec in pack.specs():
        for number, example in enumerate(spec.examples):
            decided = _decides(classifier, example, pack)
            if decided != f"{pack.provider}/{spec.id}":
                yield (
                    f"{path}: {key}[{place}].examples[{number}]: a reply that {spec.id} decides expected, "
                    f"found one that {decided or 'no rule'} decides"
                )


def _decides(classifier: Classifier, example: str, pack: RulePack) -> str:
    """The id of the rule that decides an example of `pack`, "" for none."""
    return classifier.decide(example, "" if pack.provider == GENERIC else pack.provider).rule_id


def _raise(faults: list[str]) -> None:
    if faults:
        raise ConfigError(faults)
