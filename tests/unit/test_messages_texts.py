"""Numbers, times, durations and foreign text as people read them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.durations import duration_words
from bot.slack.messages import texts
from tests.diagnoses import HOSTILE, NOW


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (0.0, "0 %"),
        (0.0004, "under 0.1 %"),  # something is never "0 %"
        (0.001, "0.1 %"),
        (0.064, "6.4 %"),
        (0.06, "6 %"),  # no ".0"
        (0.0994, "9.9 %"),
        (0.0996, "10 %"),  # rounds into the whole numbers
        (0.314, "31 %"),
        (0.9951, "over 99 %"),  # less than all is never "100 %"
        (1.0, "100 %"),
    ],
)
def test_percent(rate: float, expected: str) -> None:
    assert texts.percent(rate) == expected


@given(st.floats(0, 1))
def test_percent_never_shows_raw_decimals(rate: float) -> None:
    assert re.fullmatch(r"(under |over )?\d{1,3}(\.\d)? %", texts.percent(rate))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0 s"), (40, "40 s"), (840, "14 min"), (4800, "1 h 20 min"), (7200, "2 h"), (183600, "2 d 3 h"), (-5, "0 s")],
)
def test_durations(seconds: int, expected: str) -> None:
    assert duration_words(timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"), [(60, "60 min"), (120, "120 min"), (360, "6 h"), (1440, "24 h"), (10080, "7 d")]
)
def test_a_window_up_to_two_hours_is_in_minutes(minutes: int, expected: str) -> None:
    assert texts.window_words(timedelta(minutes=minutes)) == expected


def test_times_are_slack_dates_with_a_utc_fallback() -> None:
    assert texts.at_time(NOW, NOW) == f"<!date^{int(NOW.timestamp())}^{{time}}|02:55 UTC>"
    assert texts.at_time(NOW - timedelta(days=2), NOW).endswith("^{date_short_pretty} {time}|19 Nov 02:55 UTC>")


@pytest.mark.parametrize(
    ("ips", "expected"),
    [
        ([], ""),
        (["192.0.2.10", "192.0.2.11", "192.0.2.14"], "`192.0.2.10` `.11` `.14`"),
        (["192.0.2.10", "198.51.100.7", "198.51.100.8"], "`192.0.2.10` `198.51.100.7` `.8`"),
        (["2001:db8::1", "2001:db8::2"], "`2001:db8::1` `2001:db8::2`"),
    ],
)
def test_ips_of_one_network_are_shortened(ips: list[str], expected: str) -> None:
    assert texts.short_ips(ips) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("3 IPs carry 91% of it", "3 IPs carry 91 % of it"),
        ("see 421 4.7.0 and 192.0.2.10", "see `421 4.7.0` and `192.0.2.10`"),
        ("already `4.7.0`", "already `4.7.0`"),
        ("PMTA 5.0r1 is not a code", "PMTA 5.0r1 is not a code"),
        ("<b> & co", "&lt;b&gt; &amp; co"),
    ],
)
def test_our_sentences_get_codes_and_spaces(said: str, expected: str) -> None:
    assert texts.sentence(said) == expected


@given(st.text(max_size=400))
def test_code_is_one_inert_span(foreign: str) -> None:
    shown = texts.code(foreign, 160)
    assert shown.startswith("`")
    assert shown.endswith("`")
    assert shown.count("`") == 2
    assert not re.search(r"[<>\n]|&(?!amp;|lt;|gt;)", shown)


@given(st.text(max_size=400))
def test_words_hold_no_markup(foreign: str) -> None:
    shown = texts.words(foreign)
    assert not re.search(r"[<>*_~`:\n]|&(?!amp;|lt;|gt;)", shown)
    assert len(texts.one_line(foreign)) <= 60 or shown.endswith("…")


@given(st.text("&<>ab ", max_size=400), st.integers(5, 200))
def test_what_is_cut_is_not_cut_inside_markup(foreign: str, limit: int) -> None:
    shown = texts.fit(f"{texts.code(foreign, 400)} {texts.escape(foreign)}", limit)
    assert len(shown) <= limit
    assert not re.search(r"&(?!amp;|lt;|gt;)", shown)
    assert shown.count("`") % 2 == 0


def test_a_date_is_kept_whole_or_left_out() -> None:
    assert texts.fit("x" * 20 + texts.at_time(NOW, NOW), 40) == "x" * 20 + "…"


def test_hostile_text_is_shown_as_written() -> None:
    assert texts.code(HOSTILE, 400).startswith("`421 &lt;!channel&gt; *urgent* &lt;https://evil.example|click&gt;")
    assert "\u202e" not in texts.code(HOSTILE, 400)


@given(st.text(max_size=1000))
def test_a_sample_is_one_line_of_at_most_160(reply: str) -> None:
    shown = texts.sample(reply)
    assert len(shown) <= 160
    assert "\n" not in shown


def test_people_are_named_only_by_ids_of_slack() -> None:
    assert texts.person("U0ANN") == "<@U0ANN>"
    assert texts.person("deferbot") == "deferbot"
    assert "<" not in texts.person("U1><!channel")


@pytest.mark.parametrize(
    ("names", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")]
)
def test_lists(names: list[str], expected: str) -> None:
    assert texts.listed(names) == expected
