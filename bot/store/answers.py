"""Rows of sums as the mapping that was asked for, column by column: the largest question of one ISP has ten thousand
rows, and every millisecond of ours is one in which no other thread runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from bot.core.model import Dim, Tally
from bot.core.templates import OTHER_TEMPLATE
from bot.store.replies import NO_REPLY
from bot.store.tables import reply

Key = tuple[str, ...]
_AT_ONCE = 500


def answer(connection: Connection, query: Select[Any], by: tuple[Dim, ...]) -> dict[Key, Tally]:
    """What `query` finds (columns: `by`, a reply by its number, then the four counts), by key; all texts.

    Replies get their templates here: the database takes longer to group by long texts. One template has a number
    for every ISP. Hours outlive the templates that nobody has seen for long: those are "other replies".
    """
    columns = _columns(connection, query)
    if not columns:
        return {}
    if Dim.MINUTE in by:
        place = by.index(Dim.MINUTE)
        columns[place] = list(map(str, columns[place]))
    if Dim.REPLY in by:
        place = by.index(Dim.REPLY)
        templates = _templates(connection, set(columns[place]))
        columns[place] = list(map(templates.__getitem__, columns[place]))
    tallies = list(map(Tally, *columns[len(by) :]))
    keys: list[Key] = list(zip(*columns[: len(by)], strict=True)) if by else [()]
    return _together(keys, tallies)


def _columns(connection: Connection, query: Select[Any]) -> list[Sequence[Any]]:
    # The driver's own rows: SQLAlchemy's cost a third more.
    cursor = connection.execute(query).cursor
    return list(zip(*cursor.fetchall(), strict=True)) if cursor is not None else []


def _templates(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """Number -> template, of every one of `numbers`."""
    names = dict.fromkeys(numbers, OTHER_TEMPLATE) | {NO_REPLY: ""}
    wanted = sorted(numbers)
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(reply.c.id, reply.c.template).where(reply.c.id.in_(wanted[start : start + _AT_ONCE]))
        names |= {row.id: row.template for row in connection.execute(query)}
    return names


def _together(keys: list[Key], tallies: list[Tally]) -> dict[Key, Tally]:
    """By key, tallies of the same one added up."""
    found = dict(zip(keys, tallies, strict=True))
    if len(found) == len(keys):
        return found
    sums: dict[Key, Tally] = {}
    for key, tally in zip(keys, tallies, strict=True):
        sums[key] = sums[key] + tally if key in sums else tally
    return sums
