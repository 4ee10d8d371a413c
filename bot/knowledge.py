"""What the files in `playbooks/` say: ISPs, what replies mean, what to do about them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.core.classify import Classifier
from bot.core.isp import IspCatalog
from bot.errors import ConfigError
from bot.playbook.isps import load_isps
from bot.playbook.load import load_playbooks, load_rules
from bot.playbook.schema import Playbook


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Read once at start, shared by everything, never changed."""

    isps: IspCatalog
    classifier: Classifier
    playbooks: tuple[Playbook, ...]


def shipped_playbooks() -> Path:
    """The folder that came with the program: inside an installed wheel, or at the top of a checkout."""
    inside = Path(__file__).parent / "_playbooks"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "playbooks"


def load_knowledge(own: Path | None = None) -> Knowledge:
    """Read the shipped files, and from `own` playbooks that add to them or replace them by name.

    Raises: ConfigError with the faults of all files.
    """
    shipped = shipped_playbooks()
    faults: list[str] = []
    isps = classifier = None
    playbooks: dict[str, Playbook] = {}
    try:
        isps = load_isps(shipped / "isps.yaml")
    except ConfigError as error:
        faults += error.faults
    try:
        classifier = load_rules(shipped / "replies")
    except ConfigError as error:
        faults += error.faults
    for folder in [shipped, *([own] if own else [])]:
        try:
            playbooks |= {playbook.name: playbook for playbook in load_playbooks(folder)}
        except ConfigError as error:
            faults += error.faults
    if faults or isps is None or classifier is None:
        raise ConfigError(faults)
    return Knowledge(isps, classifier, tuple(playbooks.values()))
