"""The form a reply comes in is no part of its meaning; hostile text costs little and breaks nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.core.classify import LONGEST, Classifier, Rule
from bot.core.pattern import read_pattern
from bot.playbook.load import load_rules
from bot.playbook.patterns import MOST_WAYS
from bot.playbook.rule_lint import MOST_WAYS_IN_ALL
from tests.playbook_samples import RULES

SHIPPED: Classifier = load_rules(RULES)


def _examples() -> Iterator[tuple[str, str]]:
    for path in sorted(RULES.glob("*.yaml")):
        pack = yaml.safe_load(path.read_text(encoding="utf-8"))
        isp = "" if pack["provider"] == "generic" else pack["provider"]
        for key in ("tokens", "phrases", "statuses", "codes"):
            for spec in pack.get(key, ()):
                yield from ((isp, example) for example in spec["examples"])


ONE_LINE = [
    (isp, reply) for isp, reply in _examples() if re.match(r"[45]\d\d ", reply) and not re.search(r" [45]\d\d-", reply)
]
SPLIT = re.compile(r"([45]\d\d) (?:([45]\.\d{1,3}\.\d{1,3}) )?(.*)", re.DOTALL)


def _wrapped(reply: str, ends: list[int], joint: str, enhanced: bool) -> str:
    """The reply over several lines, each with its code, joined by `joint`, as servers and PMTA write them."""
    code, status, text = SPLIT.fullmatch(reply).groups()  # type: ignore[union-attr]
    words = text.split(" ")
    cuts = sorted({end % len(words) for end in ends} - {0})
    lines = [" ".join(words[a:b]) for a, b in zip([0, *cuts], [*cuts, len(words)], strict=True)]
    front = f"{status} " if status else ""
    later = front if enhanced else ""
    return joint.join(
        f"{code}{' ' if place == len(lines) - 1 else '-'}{front if place == 0 else later}{line}"
        for place, line in enumerate(lines)
    )


@given(
    st.sampled_from(ONE_LINE),
    st.lists(st.integers(1, 40), max_size=4),
    st.sampled_from(["\r\n", "\n", " "]),
    st.booleans(),
)
def test_lines_are_joined_before_words_are_read(
    asked: tuple[str, str], ends: list[int], joint: str, enhanced: bool
) -> None:
    isp, reply = asked
    # Without its status a joined last line is told by its code alone: "550 more words".
    wrapped = _wrapped(reply, ends, joint, enhanced)
    assert SHIPPED.classify(wrapped, isp).category is SHIPPED.classify(reply, isp).category


@given(
    st.sampled_from(list(_examples())),
    st.sampled_from(["", "smtp;", "smtp; ", "SMTP; ", "x-unix; smtp; "]),
    st.sampled_from(["", " (in reply to RCPT TO command)", " (in reply to end of DATA command)"]),
    st.sampled_from([str, str.upper, str.lower]),
)
def test_wrapping_and_letters_are_no_part_of_the_meaning(
    asked: tuple[str, str], before: str, behind: str, letters: type[str]
) -> None:
    isp, reply = asked
    formed = letters(reply) + behind
    if not reply.startswith(("smtp;", "x-")):
        formed = before + formed
    assert SHIPPED.classify(formed, isp).category is SHIPPED.classify(reply, isp).category


@given(st.sampled_from(list(_examples())), st.integers(1, 254), st.sampled_from(["198.51.100", "203.0.113"]))
def test_another_ip_is_no_other_meaning(asked: tuple[str, str], last: int, net: str) -> None:
    isp, reply = asked
    other = re.sub(r"(?<![\d.])192\.0\.2\.\d{1,3}(?![\d.])", f"{net}.{last}", reply)
    assert SHIPPED.classify(other, isp).category is SHIPPED.classify(reply, isp).category


@given(st.sampled_from(list(_examples())), st.text("0123456789abcdef", min_size=12, max_size=24))
def test_an_id_behind_is_no_other_meaning(asked: tuple[str, str], number: str) -> None:
    isp, reply = asked
    assert SHIPPED.classify(f"{reply} [x{number}]", isp).category is SHIPPED.classify(reply, isp).category


WORDS = sorted({word for rule in SHIPPED.rules for branch in read_pattern(rule.pattern) for word in branch.words})


@given(st.lists(st.sampled_from([*WORDS, "\x00", "\r\n", "<!channel>", "550-", "]]>", "\ud800"]), max_size=80))
def test_hostile_text_has_a_meaning_too(pieces: list[str]) -> None:
    text = " ".join(pieces)
    assert SHIPPED.classify(text, "gmail") == SHIPPED.classify(text, "gmail")
    assert SHIPPED.classify("".join(pieces) * 50, "").severity in (1, 2, 3, 4)


def test_work_on_any_text_is_bounded() -> None:
    """Ways a pattern may be tried at one place, counted: with the cap on a text's length that bounds all work."""
    ways = [branch.ways for rule in SHIPPED.rules for branch in read_pattern(rule.pattern) if not branch.anchored]
    assert max(ways) <= MOST_WAYS
    assert sum(ways) <= MOST_WAYS_IN_ALL
    assert LONGEST <= 2000


@pytest.mark.parametrize("rule", SHIPPED.rules, ids=lambda rule: rule.id)
def test_words_that_rule_a_branch_out_stand_in_all_it_fits(rule: Rule) -> None:
    for branch in read_pattern(rule.pattern):
        for text in list(branch.samples())[:64]:
            for asked in (text, f" {text} ", f"x{text}x"):
                if re.search(branch.source, asked, re.IGNORECASE):
                    assert not branch.words or any(word in asked.lower() for word in branch.words), branch.source
