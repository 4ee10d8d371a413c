"""A bot that was put together: started and ended in the right order."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from sqlalchemy import Engine

from bot.jobs import Jobs
from bot.pmta.ssh import SshFleet
from bot.slack.outboxes import Outboxes
from bot.slack.socket import Socket

STOP_GRACE_S = 20.0


@dataclass(frozen=True, slots=True)
class App:
    """The parts that run. `start` returns at once; `stop` ends with everything under way committed."""

    jobs: Jobs
    socket: Socket
    outbox: Outboxes
    pool: ThreadPoolExecutor
    shell: SshFleet
    engine: Engine
    stopping: threading.Event
    outbox_thread: threading.Thread

    def start(self) -> None:
        """Connect to Slack and start looking; the jobs settle what an earlier stop cut off.

        Raises: ChatError where Slack refuses a token; where it gives no answer, the hosts are watched meanwhile.
        """
        self.socket.start()
        self.outbox_thread.start()
        # What is there by now stays. Else the collector walks through all of it in its full rounds: 70 ms (measured)
        # in which no thread answers anything.
        gc.collect()
        gc.freeze()
        self.jobs.start()

    def stop(self) -> None:
        """Take nothing new in, finish what runs, close; also what `start` left half started.

        A host that does not answer must not hold up the end: after `STOP_GRACE_S` the connections are cut, and what
        that leaves open is settled at the next start. Every part ends whatever becomes of the others.
        """
        cut = threading.Timer(STOP_GRACE_S, self.shell.close)
        cut.daemon = True
        cut.start()
        with ExitStack() as last_first:
            last_first.callback(self.engine.dispose)
            last_first.callback(self.shell.close)
            last_first.callback(cut.cancel)
            last_first.callback(self._end_outbox)
            last_first.callback(self.pool.shutdown, wait=True)
            last_first.callback(self.jobs.stop)
            last_first.callback(self.socket.close)

    def _end_outbox(self) -> None:
        self.stopping.set()
        self.outbox.wake()
        if self.outbox_thread.is_alive():
            self.outbox_thread.join()
