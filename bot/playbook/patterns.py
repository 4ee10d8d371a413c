"""Which regular expressions may be run on text the far end wrote: only those whose work is bounded."""

from __future__ import annotations

import re

WIDE = 8
"""A repeat that may take more characters than this is counted."""
WIDEST = 200
WIDE_PER_BRANCH = 2

_QUANTIFIER = re.compile(r"[*+?]|\{(\d*)(,?)(\d*)\}")


def fault_of(pattern: str) -> str:
    """Why `pattern` is not taken, "" where it is.

    A group may only be followed by `?`, every repeat has an upper bound, and one branch of the outermost `|`
    holds at most two wide ones: so no text, however it is made, costs more than its length times a constant.
    """
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except re.error as fault:
        return f"a regular expression expected, found {pattern!r} ({fault})"
    if compiled.search(""):
        return f"a pattern that needs some text expected, found {pattern!r}, which matches everything"
    return _Reader(pattern).fault()


class _Reader:
    """Walks a pattern (known to compile) atom by atom."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._place = 0
        self._depth = 0
        self._wide = 0

    def fault(self) -> str:
        before = ""
        while self._place < len(self._pattern):
            found = _QUANTIFIER.match(self._pattern, self._place) if before not in ("", "(", "|") else None
            if found is None:
                before = self._atom()
                continue
            if wrong := self._wrong(before, found):
                return f"{wrong} expected, found {before + found[0]!r} in {self._pattern!r}"
            # The ? of a lazy or the + of a possessive repeat belongs to it.
            self._place = found.end() + (self._pattern[found.end() : found.end() + 1] in ("?", "+"))
            before = ""
        return ""

    def _wrong(self, before: str, found: re.Match[str]) -> str:
        if found[0] == "?":
            return ""
        if before == ")":
            return "no repeat of a group but ?"
        most = int(found[3] if found[2] else found[1]) if (found[3] or (found[1] and not found[2])) else WIDEST + 1
        if most > WIDEST:
            return f"a repeat bounded by at most {WIDEST}, such as .{{0,80}},"
        self._wide += most > WIDE
        return f"at most {WIDE_PER_BRANCH} wide repeats in one branch" if self._wide > WIDE_PER_BRANCH else ""

    def _atom(self) -> str:
        """The atom at the present place (a class counts as one); moves behind it."""
        start, here = self._place, self._pattern[self._place]
        if here == "\\":
            self._place += 2
            return self._pattern[start : self._place]
        if here == "[":
            return self._class()
        self._place += 1
        self._depth += (here == "(") - (here == ")")
        if here == "|" and not self._depth:
            self._wide = 0
        if here == "(" and self._pattern[self._place : self._place + 1] == "?":
            # (?: (?= (?! (?<= (?<! : the ? here repeats nothing.
            self._place += 1
        return here

    def _class(self) -> str:
        start, end = self._place, self._place + 1
        end += self._pattern[end : end + 1] == "^"
        end += self._pattern[end : end + 1] == "]"
        while self._pattern[end] != "]":
            end += 2 if self._pattern[end] == "\\" else 1
        self._place = end + 1
        return self._pattern[start : self._place]
