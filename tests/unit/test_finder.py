"""The look for words before a search changes nothing but the cost."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.finder import Finder, asked
from bot.core.pattern import read_pattern
from bot.playbook.load import load_rules
from tests.playbook_samples import RULES

SHIPPED = load_rules(RULES).rules
BRANCHES = [branch.source for rule in SHIPPED for branch in read_pattern(rule.pattern)]
PLAIN = [re.compile(source, re.IGNORECASE) for source in BRANCHES]
FINDER = Finder((source, place) for place, source in enumerate(BRANCHES))
PIECES = sorted({text for source in BRANCHES for branch in read_pattern(source) for text in list(branch.samples())[:8]})


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4), st.sampled_from([" ", "", ", "]), st.booleans())
@example(["550 5.1.1 User unknown"], " ", True)
def test_what_is_found_is_what_plain_searches_find(pieces: list[str], joint: str, upper: bool) -> None:
    text = joint.join(pieces)
    text = text.upper() if upper else text
    assert list(FINDER.found(asked(text))) == [place for place, plain in enumerate(PLAIN) if plain.search(text)]


@given(st.text(max_size=60))
def test_so_it_is_on_any_text(text: str) -> None:
    """Letters whose two cases are no pair (ſ, İ) are told apart; nothing else is."""
    plain = [place for place, pattern in enumerate(PLAIN) if pattern.search(text.lower())]
    assert list(FINDER.found(asked(text))) == plain
