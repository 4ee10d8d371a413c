"""Reads PowerMTA configuration in its real syntax: `keyword value`, `<section name>`, `include`, `#` comments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.sim.fleet import directives
from bot.sim.fleet.guesses import GUESSES


class ConfigFault(Exception):
    """One fault; `str` is the line PMTA prints."""

    def __init__(self, file: Path, line: int, text: str) -> None:
        super().__init__(GUESSES["config frame"].format(line=line, file=file, text=text))


@dataclass(slots=True)
class Section:
    """`<kind name>` … `</kind>`, or the whole file (kind ""). A directive may stand several times."""

    kind: str
    name: str
    values: dict[str, list[str]] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=list)

    def last(self, word: str, default: str = "") -> str:
        return self.values[word][-1] if word in self.values else default

    def of_kind(self, kind: str) -> list[Section]:
        return [section for section in self.sections if section.kind == kind]


_DIRECTIVES: Final = {
    "": directives.GLOBAL,
    "domain": directives.QUEUE,
    "virtual-mta": directives.VMTA,
    "virtual-mta-pool": directives.POOL,
    "acct-file": directives.ACCT,
    "source": directives.SOURCE,
}
_FREE: Final = {
    "smtp-pattern-list": {"reply"},
    "mx-rollup-list": {"mx"},
    "bounce-category-patterns": set(),
    "spool": {"delete-file-holders"},
}
"""Sections whose lines have a grammar of their own."""
_INSIDE: Final = {
    "": {*_DIRECTIVES, *_FREE} - {""},
    "virtual-mta": {"domain"},
    "virtual-mta-pool": {"domain"},
}
_INCLUDE_IN: Final = {"", "source", "domain", "virtual-mta", "smtp-pattern-list"}


def parse_config(path: Path) -> Section:
    """The whole configuration below `path`, includes read in place.

    Raises: ConfigFault at the first fault.
    """
    root = Section("", "")
    _read(path, [root])
    return root


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        # A '#' starts a comment anywhere, even inside a regular expression.
        line = raw.partition("#")[0].strip()
        if line:
            yield number, line


def _read(path: Path, open_sections: list[Section]) -> None:
    depth = len(open_sections)
    number = 0
    for number, line in _lines(path):
        if line.startswith("</"):
            _close(path, number, line, open_sections, depth)
        elif line.startswith("<"):
            _open(path, number, line, open_sections)
        else:
            _directive(path, number, line, open_sections)
    if len(open_sections) > depth:
        raise ConfigFault(path, number, GUESSES["config open"].format(kind=open_sections[-1].kind))


def _open(path: Path, number: int, line: str, open_sections: list[Section]) -> None:
    kind, _, name = line.strip("<>").strip().partition(" ")
    inside = open_sections[-1]
    if not line.endswith(">") or kind not in _INSIDE.get(inside.kind, set()):
        raise ConfigFault(path, number, GUESSES["config unknown"].format(word=line))
    if not name and kind not in {"mx-rollup-list", "bounce-category-patterns"}:
        raise ConfigFault(path, number, "argument missing")
    section = Section(kind, name.strip())
    inside.sections.append(section)
    open_sections.append(section)


def _close(path: Path, number: int, line: str, open_sections: list[Section], depth: int) -> None:
    kind = line.strip("</>").strip()
    open_kind = open_sections[-1].kind if len(open_sections) > depth else ""
    if not open_kind or kind != open_kind:
        expected = f"</{open_kind}>" if open_kind else "a directive or a section"
        raise ConfigFault(path, number, GUESSES["config closed"].format(found=line, expected=expected))
    open_sections.pop()


def _directive(path: Path, number: int, line: str, open_sections: list[Section]) -> None:
    section = open_sections[-1]
    word, _, value = line.partition(" ")
    word, value = directives.ALIASES.get(word, word), value.strip()
    if word == "include" and section.kind in _INCLUDE_IN:
        _include(path, number, value, open_sections)
        return
    _check(path, number, section, word, value)
    section.values.setdefault(word, []).append(value.strip('"'))


def _check(path: Path, number: int, section: Section, word: str, value: str) -> None:
    known = _DIRECTIVES.get(section.kind)
    if known is None:
        if section.kind != "bounce-category-patterns" and word not in _FREE[section.kind]:
            raise ConfigFault(path, number, GUESSES["config unknown"].format(word=word))
        if not value:
            raise ConfigFault(path, number, "argument missing")
        return
    if word not in known:
        raise ConfigFault(path, number, GUESSES["config unknown"].format(word=word))
    if not value:
        raise ConfigFault(path, number, "argument missing")
    try:
        directives.check(known[word][0], value.strip('"'))
    except ValueError:
        raise ConfigFault(path, number, GUESSES["config value"].format(value=value, word=word)) from None


def _include(path: Path, number: int, name: str, open_sections: list[Section]) -> None:
    if not name:
        raise ConfigFault(path, number, "argument missing")
    target = Path(name.strip('"'))
    base = target if target.is_absolute() else path.parent / target
    found = sorted(base.parent.glob(base.name)) if "*" in base.name else [base]
    for file in found:
        # What PMTA does about a missing include file is not known: the strict guess shows the operator's mistake.
        if not file.is_file():
            raise ConfigFault(path, number, GUESSES["config file"].format(name=file))
        _read(file, open_sections)
