"""A rule's pattern read as a tree: what it costs at most, which words a text must hold, one text it fits. Pure.

Taken is the part of Python's syntax whose work on hostile text is bounded: every repeat has an upper bound and
repeats one atom; a group is followed by nothing but `?`; no group is named, no group is referred to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, product
from math import prod

WIDEST = 200
"""Characters one repeat may take."""
SAMPLES = 64
"""Texts a branch is tried with, at most."""

_QUANTIFIER = re.compile(r"([*+?]|\{(\d*)(,?)(\d*)\})([?+]?)")
_OPENING = re.compile(r"\((?:\?(?::|<?[=!]))?")
_NO_TEXT = frozenset({"^", "$", r"\b", r"\B", r"\A", r"\Z"})
_CLASSES = "bBdDsSwWAZ"
_GUESSES = " x1.-:@<A"
_FITS_ITSELF = re.compile(r"\\[^\w\s]|[^\\\[\].^$]")


class BadPattern(ValueError):
    """A pattern that is not taken; its text says what was expected and found."""


@dataclass(frozen=True, slots=True)
class Part:
    """One atom or group with its repeat. `ways`: in how many it may match at one place of a text; `samples`: what
    it takes, one text for each alternative; `words`: a text without any of them fails."""

    ways: int
    samples: tuple[str, ...]
    literal: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """One of the alternatives beside the outermost `|`."""

    source: str
    parts: tuple[Part, ...]

    @property
    def ways(self) -> int:
        """At one place of a text at most so many ways are tried, each no longer than the pattern and its repeats."""
        return prod(part.ways for part in self.parts)

    @property
    def anchored(self) -> bool:
        """Whether it is tried at the start of a text only."""
        return self.source.startswith("^")

    @property
    def plain(self) -> str:
        """Its text where it is nothing but that, else ""."""
        return "".join(part.literal for part in self.parts) if all(part.literal for part in self.parts) else ""

    def samples(self) -> Iterator[str]:
        """Short texts the branch fits if its look-arounds agree: one for each choice of alternatives."""
        return ("".join(texts) for texts in product(*(part.samples for part in self.parts)))

    @property
    def needs(self) -> tuple[tuple[str, ...], ...]:
        """Lower case; a text fits only if it holds one word of every set. The set that rules out most comes first."""
        runs = [(run,) for run in self._runs() if run.strip()]
        found = [*runs, *(part.words for part in self.parts if part.words)]
        return tuple(sorted(found, key=lambda words: (-min(map(len, words)), len(words))))

    @property
    def words(self) -> tuple[str, ...]:
        """The set of `needs` that rules out most; empty where nothing is known."""
        return next(iter(self.needs), ())

    def _runs(self) -> Iterable[str]:
        run = ""
        for part in self.parts:
            if part.literal:
                run += part.literal.lower()
            elif any(part.samples):
                yield run
                run = ""
        yield run


def read_pattern(pattern: str) -> tuple[Branch, ...]:
    """The outermost branches, in their order.

    Raises: BadPattern where the pattern does not compile or is outside the part that is taken.
    """
    try:
        re.compile(pattern, re.IGNORECASE)
    except re.error as fault:
        raise BadPattern(f"a regular expression expected, found {pattern[:80]!r} ({fault})") from fault
    return _Reader(pattern).branches()


class _Reader:
    """Walks a pattern that is known to compile."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._place = 0

    def branches(self) -> tuple[Branch, ...]:
        found: list[Branch] = []
        parts: list[Part] = []
        start = self._place
        while self._place < len(self._pattern) and self._pattern[self._place] != ")":
            if self._pattern[self._place] == "|":
                found.append(Branch(self._pattern[start : self._place], tuple(parts)))
                parts = []
                self._place += 1
                start = self._place
            else:
                parts.append(self._part())
        return (*found, Branch(self._pattern[start : self._place], tuple(parts)))

    def _part(self) -> Part:
        start = self._place
        if self._pattern[start] == "(":
            return self._group()
        atom = self._atom()
        found = _QUANTIFIER.match(self._pattern, self._place)
        one = _sample_of(atom)
        if found is None:
            fits_itself = _FITS_ITSELF.fullmatch(atom)
            return Part(1, (one,), one if fits_itself else "")
        self._place = found.end()
        least, most = self._bounds(atom, found)
        return Part(most - least + 1, tuple(one * count for count in range(least, min(most, least + 1) + 1)))

    def _bounds(self, atom: str, found: re.Match[str]) -> tuple[int, int]:
        if found[1] == "?":
            return 0, 1
        least = int(found[2] or 0) if found[2] is not None else 0
        most = (int(found[4]) if found[4] else WIDEST + 1) if found[3] else least
        if found[1] in "*+" or most > WIDEST:
            raise BadPattern(
                f"a repeat bounded by at most {WIDEST}, such as .{{0,80}}, expected, found {atom + found[1]!r}"
            )
        return least, most

    def _group(self) -> Part:
        opening = _OPENING.match(self._pattern, self._place)
        if opening is None or self._pattern.startswith(("(?P", "(?i", "(?-", "(?>", "(?#"), self._place):
            raise BadPattern(f"a plain group expected, found {self._pattern[self._place : self._place + 8]!r}")
        self._place = opening.end()
        inside = self.branches()
        self._place += 1
        ways = _ways(inside)
        if opening[0][-1] in "=!":
            return Part(ways, ("",))
        samples = tuple(islice(chain.from_iterable(branch.samples() for branch in inside), SAMPLES))
        found = _QUANTIFIER.match(self._pattern, self._place)
        if found is None:
            needed = [branch.words for branch in inside]
            return Part(ways, samples, "", tuple(chain(*needed)) if all(needed) else ())
        if found[1] != "?":
            raise BadPattern(f"no repeat of a group but ? expected, found {found[0]!r} behind one")
        self._place = found.end()
        return Part(ways + 1, (*samples, ""))

    def _atom(self) -> str:
        """The atom at the present place (a class counts as one); moves behind it."""
        start, here = self._place, self._pattern[self._place]
        if here == "[":
            return self._class()
        self._place += 2 if here == "\\" else 1
        atom = self._pattern[start : self._place]
        if here == "\\" and atom[1].isalnum() and atom[1] not in _CLASSES:
            raise BadPattern(f"one of \\b \\d \\s \\w and their opposites expected, found {atom!r}")
        return atom

    def _class(self) -> str:
        start, end = self._place, self._place + 1
        end += self._pattern[end : end + 1] == "^"
        end += self._pattern[end : end + 1] == "]"
        while self._pattern[end] != "]":
            end += 2 if self._pattern[end] == "\\" else 1
        self._place = end + 1
        return self._pattern[start : self._place]


def _ways(branches: tuple[Branch, ...]) -> int:
    """Plain words match together at one place only where one begins with the other."""
    words = [branch.plain.lower() for branch in branches if branch.plain]
    chains = max((sum(word.startswith(other) for other in words) for word in words), default=0)
    return chains + sum(branch.ways for branch in branches if not branch.plain)


def _sample_of(atom: str) -> str:
    """A character the atom takes, "" for one that takes none."""
    if atom in _NO_TEXT:
        return ""
    if _FITS_ITSELF.fullmatch(atom):
        return atom[-1]
    return next((sign for sign in (*_GUESSES, *atom) if re.fullmatch(atom, sign)), "")
