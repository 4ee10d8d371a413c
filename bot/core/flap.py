"""An incident that goes up and down all the time is told no more until it is steadier. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.incident import Life

SPAN = timedelta(hours=1)


def turned(life: Life, *, up: bool, now: datetime, limit: int) -> Life:
    """The life after it went up or down. Only a change of direction counts: three tiers up are one way."""
    turns = (*life.turns, now) if up is not life.rising else life.turns
    return steadied(replace(life, turns=turns, rising=up), now, limit)


def steadied(life: Life, now: datetime, limit: int) -> Life:
    """The life as time goes on: what is more than an hour ago no longer counts.

    Told no more from more than `limit` turns; told again at half of them, so that this itself does not flap.
    """
    turns = tuple(at for at in life.turns if now - at < SPAN)
    damped = len(turns) > (limit // 2 if life.damped else limit)
    return life if (turns, damped) == (life.turns, life.damped) else replace(life, turns=turns, damped=damped)
