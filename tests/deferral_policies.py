"""Deferral policies made for tests, and histories of a key under them."""

from __future__ import annotations

from hypothesis import strategies as st

from bot.core.policy import (
    BOUNCE,
    CONNECTION,
    DELIVERY,
    UNIVERSAL,
    Kind,
    Pattern,
    Policy,
    Sort,
    Special,
    Transient,
    Volume,
)
from bot.core.retry_times import DISORDER_S, Event

NOON = 1_795_348_800
TOO_MANY, BUSY = Kind(Sort.SPECIAL, 0), Kind(Sort.SPECIAL, 1)
NOISE = Kind(Sort.TRANSIENT, 0)
POLICY = Policy(
    "gmail",
    universal=(600, 1200, 3600),
    special=(
        Special(Pattern("too many messages"), (3660,), ("421 too many messages",)),
        Special(Pattern("busy"), (0, 60), ("421 busy",)),
    ),
    transient=(Transient(Pattern("reload"), ("451 reload",)),),
)
WITH_VOLUME = Policy("gmail", universal=(60, 120), volume=Volume(180, 5, (600, 1800)), special=POLICY.special)

kinds = st.sampled_from([DELIVERY, BOUNCE, UNIVERSAL, CONNECTION, TOO_MANY, BUSY, NOISE, None])
steps_of_time = st.one_of(
    st.integers(0, 5),
    st.integers(0, 900),
    st.integers(0, 4000),
    st.integers(-DISORDER_S, 0),
    st.integers(-9000, 90_000),
)
lists = st.lists(st.sampled_from([0, 30, 60, 600, 3660]), min_size=1, max_size=4).map(tuple)
volumes = st.builds(Volume, st.sampled_from([60, 90, 180, 600]), st.integers(0, 4), lists)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    special = tuple(Special(Pattern(text), draw(lists), (text,)) for text in ("too many", "busy"))
    return Policy("any", draw(lists), draw(st.none() | volumes), special, POLICY.transient)


def history(moves: list[tuple[int, Kind | None]]) -> list[Event]:
    at, events = NOON, []
    for seconds, kind in moves:
        at += seconds
        events.append(Event(at, kind))
    return events
