"""Which changes this process is working on: what is under way in the store but not here was cut off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from bot.core.change import Change, ChangeState
from bot.ports import ChangeStore


class AtWork:
    """Claims on changes. A claim and the move into its state are one step, so that nobody can come in between."""

    def __init__(self, changes: ChangeStore) -> None:
        self._changes = changes
        self._claimed: set[int] = set()
        self._guard = threading.Lock()

    @contextmanager
    def on(self, start: Callable[[], Change | None]) -> Iterator[Change | None]:
        """Claim the change that `start` moves, for as long as the work lasts; None where it moved none.

        Only one `start` runs at a time, so what it looks at holds until it has moved; it must not wait for a host.
        """
        with self._guard:
            started = start()
            if started is not None:
                self._claimed.add(started.id)
        try:
            yield started
        finally:
            if started is not None:
                with self._guard:
                    self._claimed.discard(started.id)

    def cut_off(self, state: ChangeState) -> Iterator[Change]:
        """Claim, one after the other, every change in `state` that nobody works on."""
        for found in self._changes.in_states({state}):
            with self.on(partial(self._left, found.id, state)) as change:
                if change is not None:
                    yield change

    def _left(self, change: int, state: ChangeState) -> Change | None:
        if change in self._claimed:
            return None
        now = self._changes.get(change)
        return now if now is not None and now.state is state else None
