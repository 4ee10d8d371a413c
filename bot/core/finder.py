"""Many patterns asked of one text: those whose words cannot stand in it are not run. Pure.

A text of 150 letters meets a thousand branches; nearly all are ruled out by three letters they need.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.core.pattern import Branch, read_pattern

T = TypeVar("T")
GRAM = 3
"""Letters side by side that are looked up (`_grams`)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A text in lower case and the letters that stand side by side in it."""

    lowered: str
    grams: frozenset[str]


def asked(text: str) -> Asked:
    lowered = text.lower()
    return Asked(lowered, _grams(lowered))


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    needs: tuple[tuple[str, ...], ...]
    search: Callable[[str], re.Match[str] | None]
    means: T


class Finder(Generic[T]):
    """What patterns mean, in their order. Each pattern is searched case-insensitive."""

    def __init__(self, patterns: Iterable[tuple[str, T]]) -> None:
        """Raises: BadPattern (see `core.pattern`)."""
        branches = [(branch, means) for pattern, means in patterns for branch in read_pattern(pattern)]
        self._entries = [
            _Entry(branch.needs, re.compile(_lower(branch.source)).search, means) for branch, means in branches
        ]
        self._always: list[int] = []
        self._by_gram: dict[str, list[int]] = defaultdict(list)
        usual = Counter(gram for branch, _ in branches for word in branch.words for gram in _grams(word))
        for place, (branch, _) in enumerate(branches):
            self._file(place, branch, usual)

    def _file(self, place: int, branch: Branch, usual: Counter[str]) -> None:
        """Under the rarest letters of each of its words; a branch without them is always tried."""
        if not branch.words or min(map(len, branch.words)) < GRAM:
            self._always.append(place)
            return
        for gram in {min(_grams(word), key=lambda gram: (usual[gram], gram)) for word in branch.words}:
            self._by_gram[gram].append(place)

    def found(self, asked: Asked) -> Iterator[T]:
        """The meanings of the patterns that match, in their order."""
        places = {place for gram in self._by_gram.keys() & asked.grams for place in self._by_gram[gram]}
        for place in sorted(places.union(self._always)):
            entry = self._entries[place]
            if _holds(asked.lowered, entry.needs) and entry.search(asked.lowered):
                yield entry.means


def _holds(text: str, needs: tuple[tuple[str, ...], ...]) -> bool:
    for words in needs:
        for word in words:
            if word in text:
                break
        else:
            return False
    return True


def _lower(source: str) -> str:
    """The pattern for texts in lower case, which is twice as fast as one that takes both."""
    return re.sub(r"\\.|[^\W\d_]", lambda found: found[0] if found[0][0] == "\\" else found[0].lower(), source)


def _grams(text: str) -> frozenset[str]:
    return frozenset(map("".join, zip(text, text[1:], text[2:], strict=False)))
