"""Rule packs and playbooks from their folders; every fault of every file is reported at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.core.classify import GENERIC, Classifier
from bot.errors import ConfigError
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


def load_rules(folder: Path) -> Classifier:
    """A classifier of every pack in `folder`; each rule must decide its own examples.

    Raises: ConfigError with all faults of all files, each `file: path: expected, found`.
    """
    found = _packs(folder)
    classifier = Classifier(
        [rule for _, pack in found for rule in pack.rules()],
        {pack.provider: pack.signatures for _, pack in found},
        {pack.provider: pack.also for _, pack in found},
    )
    _raise([fault for path, pack in found for fault in _examples(path, pack, classifier)])
    return classifier


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
        for _, key, place, spec in pack.specs():
            name = f"{pack.provider}/{spec.id}"
            if name in seen:
                yield f'{path}: {key}[{place}].id: a name of its own expected, found "{spec.id}" twice'
            seen.add(name)


def _examples(path: Path, pack: RulePack, classifier: Classifier) -> Iterable[str]:
    for _, key, place, spec in pack.specs():
        for number, example in enumerate(spec.examples):
            isp = "" if pack.provider == GENERIC else pack.provider
            decided = classifier.decide(example, isp).rule_id
            if decided != f"{pack.provider}/{spec.id}":
                yield (
                    f"{path}: {key}[{place}].examples[{number}]: a reply that {spec.id} decides expected, "
                    f"found one that {decided or 'no rule'} decides"
                )


def _raise(faults: list[str]) -> None:
    if faults:
        raise ConfigError(faults)
