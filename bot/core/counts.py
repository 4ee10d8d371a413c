"""Tallies by key, in columns: what millions of records become without an object for each of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, Generic, TypeVar

from bot.core.model import Cell, IspCell, JobCell, JobReplyCell, Tally

K = TypeVar("K", Cell, JobCell, JobReplyCell, IspCell)
COUNTS = 4
Column = Collection[Any]
"""Values in order: a list, or a column of whatever counted them."""


class Counts(Mapping[K, Tally], Generic[K]):
    """`keys` are the columns of the key's fields, `counts` those of `Tally`'s, all of one length.

    A key may stand in several rows: they add up. The view as a mapping is made when it is asked for: it is for the few.
    """

    def __init__(self, key: type[K], fields: Sequence[Column], counts: Sequence[Column]) -> None:
        self._key: Callable[..., K] = key
        self.fields = fields
        self.counts = counts

    @classmethod
    def of(cls, key: type[K], tallies: Mapping[K, Tally]) -> Counts[K]:
        """Any tallies by key, in columns."""
        if isinstance(tallies, Counts):
            return tallies
        fields: list[Column] = list(zip(*tallies, strict=True)) or [()] * len(key._fields)
        counts = [(t.delivered, t.deferred, t.bounced, t.queue_deferred) for t in tallies.values()]
        return cls(key, fields, list(zip(*counts, strict=True)) or [()] * COUNTS)

    @classmethod
    def joined(cls, key: type[K], parts: Iterable[Mapping[K, Tally]]) -> Counts[K]:
        """The rows of all `parts`."""
        found = [cls.of(key, part) for part in parts]
        fields = [list(chain(*columns)) for columns in zip(*(each.fields for each in found), strict=True)]
        counts = [list(chain(*columns)) for columns in zip(*(each.counts for each in found), strict=True)]
        return cls(key, fields, counts) if found else cls.of(key, {})

    @property
    def rows(self) -> int:
        """Of the columns: no fewer than keys."""
        return len(self.counts[0])

    def __getitem__(self, key: K) -> Tally:
        return self._tallies[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._tallies)

    def __len__(self) -> int:
        return len(self._tallies)

    def __repr__(self) -> str:
        return f"Counts({self._tallies!r})"

    @cached_property
    def _tallies(self) -> dict[K, Tally]:
        tallies: dict[K, Tally] = {}
        for key, tally in zip(map(self._key, *self.fields), map(Tally, *self.counts), strict=True):
            tallies[key] = tallies[key] + tally if key in tallies else tally
        return tallies
