"""One outbox a channel, each at its own pace: what one channel refuses, or has to wait for, holds up no other."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from bot.slack.outbox import Outbox


class Outboxes:
    def __init__(self, boxes: Sequence[Outbox]) -> None:
        """At least one, that of the default channel first."""
        self._boxes = tuple(boxes)

    def wake(self) -> None:
        for box in self._boxes:
            box.wake()

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set."""
        others = [threading.Thread(target=box.run, args=(stop,), name="outbox", daemon=True) for box in self._boxes[1:]]
        for thread in others:
            thread.start()
        self._boxes[0].run(stop)
        for thread in others:
            thread.join()

    def deliver(self) -> int:
        """As `Outbox.deliver`, channel after channel."""
        return sum(box.deliver() for box in self._boxes)
