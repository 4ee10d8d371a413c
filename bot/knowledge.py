"""What the files in `playbooks/` say: ISPs, what replies mean, what to do about them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.core.classify import Classifier
from bot.core.isp import IspCatalog
from bot.errors import ConfigError
from bot.playbook.isps import load_isps
from bot.playbook.load import RuleSet, load_playbooks, load_rule_set
from bot.playbook.schema import Playbook


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Read once at start, shared by everything, never changed."""

    isps: IspCatalog
    rules: RuleSet
    playbooks: tuple[Playbook, ...]

    @property
    def classifier(self) -> Classifier:
        return self.rules.classifier


def shipped_playbooks() -> Path:
    """The folder that came with the program: inside an installed wheel, or at the top of a checkout."""
    inside = Path(__file__).parent / "_playbooks"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "playbooks"


def load_knowledge(own: Path | None = None, local_rules: Path | None = None) -> Knowledge:
    """Read the shipped files, and from `own` playbooks that add to them or replace them by name.

    `local_rules`: a file of rules that are asked first, where it exists.

    Raises: ConfigError with the faults of all files.
    """
    shipped = shipped_playbooks()
    faults: list[str] = []
    isps = rules = None
    playbooks: dict[str, Playbook] = {}
    try:
        isps = load_isps(shipped / "isps.yaml")
    except ConfigError as error:
        faults += error.faults
    try:
        rules = load_rule_set(shipped / "replies", local_rules)
    except ConfigError as error:
        faults += error.faults
    for folder in [shipped, *([own] if own else [])]:
        try:
            playbooks |= {playbook.name: playbook for playbook in load_playbooks(folder)}
        except ConfigError as error:
            faults += error.faults
    if faults or isps is None or rules is None:
        raise ConfigError(faults)
    return Knowledge(isps, rules, tuple(playbooks.values()))
