"""Which regular expressions may be run on text the far end wrote: only those whose work is bounded."""

from __future__ import annotations

import re

from bot.core.pattern import BadPattern, read_pattern

MOST_WAYS = 8_000
"""Ways a branch may be tried at one place of a text; ten times as many where it is tried at the start alone."""
AT_START = 10


def fault_of(pattern: str) -> str:
    """Why `pattern` is not taken, "" where it is.

    A group may only be followed by `?`, every repeat has an upper bound, and the choices of one branch multiply to
    at most `MOST_WAYS`: so no text, however it is made, costs more than its length times a constant.
    """
    try:
        branches = read_pattern(pattern)
    except BadPattern as fault:
        return str(fault)
    if re.search(pattern, ""):
        return f"a pattern that needs some text expected, found {pattern!r}, which matches everything"
    for branch in branches:
        most = MOST_WAYS * (AT_START if branch.anchored else 1)
        if branch.ways > most:
            return f"at most {most:,} ways to try a branch expected, found {branch.ways:,} in {branch.source!r}"
    return ""
