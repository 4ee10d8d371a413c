"""Which regular expressions may be run on text the far end wrote: only those that cannot blow up."""

from __future__ import annotations

import re

_QUANTIFIER = re.compile(r"[*+?]|\{(\d*)(,?)(\d*)\}")


def fault_of(pattern: str) -> str:
    """Why `pattern` is not taken, "" where it is.

    A group may only be followed by `?`, so no repeat can hold another repeat or an alternation; `.` may only
    be repeated up to a stated number. What remains is at worst quadratic in a text of bounded length.
    """
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except re.error as fault:
        return f"a regular expression expected, found {pattern!r} ({fault})"
    if compiled.search(""):
        return f"a pattern that needs some text expected, found {pattern!r}, which matches everything"
    return _repeats(pattern)


def _repeats(pattern: str) -> str:
    before, place = "", 0
    while place < len(pattern):
        here = pattern[place]
        found = _QUANTIFIER.match(pattern, place) if before else None
        if found and not (before == "(" and here == "?"):
            if wrong := _wrong(before, found):
                return f"{wrong} expected, found {before + found[0]!r} in {pattern!r}"
            before, place = "", found.end()
            place += pattern[place : place + 1] == "?"
            continue
        before, place = _atom(pattern, place)
    return ""


def _wrong(before: str, found: re.Match[str]) -> str:
    if before == ")" and found[0] != "?":
        return "no repeat of a group but ?"
    unbounded = found[0] in ("*", "+") or (found[2] and not found[3])
    return "a bounded repeat such as .{0,80}" if before == "." and unbounded else ""


def _atom(pattern: str, place: int) -> tuple[str, int]:
    """The atom at `place` (a class counts as one) and where the next one begins."""
    if pattern[place] == "\\":
        return pattern[place : place + 2], place + 2
    if pattern[place] != "[":
        return pattern[place], place + 1
    end = place + 1
    end += pattern[end : end + 1] == "^"
    end += pattern[end : end + 1] == "]"
    while pattern[end : end + 1] not in ("]", ""):
        end += 2 if pattern[end] == "\\" else 1
    return pattern[place : end + 1], end + 1
