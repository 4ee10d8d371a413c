"""The product's words as values: counts, windows, queues, hosts. No decisions live here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.core.distinct import Distinct

RECIPIENTS_EVERY_S = 600
"""Stretches of time for which different recipients are counted."""
JOB_REPLIES_EVERY_S = 600
"""Stretches of time for which replies are counted by campaign: as campaigns are compared (`core.campaigns`)."""


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span `[start, end)` of aware UTC time; neighbours share no record."""

    start: datetime
    end: datetime

    @classmethod
    def ending(cls, end: datetime, length: timedelta) -> Window:
        return cls(end - length, end)

    def before(self) -> Window:
        """The window of the same length just before this one."""
        return Window(self.start - (self.end - self.start), self.start)

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Tally:
    """Accounting records counted, whole ones.

    `delivered`, `deferred`, `bounced` are records of type `d`, `t`, `b`; `queue_deferred` is `tq`, which
    names no recipient and is shown beside the rate, never in it.
    """

    delivered: int = 0
    deferred: int = 0
    bounced: int = 0
    queue_deferred: int = 0

    @property
    def attempts(self) -> int:
        """What the rate is taken of: delivered + deferred."""
        return self.delivered + self.deferred

    @property
    def rate(self) -> float:
        """Deferral rate in [0, 1]; 0.0 where nothing was attempted, so look at `attempts` first."""
        return self.deferred / self.attempts if self.attempts else 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.delivered + other.delivered,
            self.deferred + other.deferred,
            self.bounced + other.bounced,
            self.queue_deferred + other.queue_deferred,
        )


class Cell(NamedTuple):
    """What one minute tally is about. `minute` is epoch seconds of the minute's start.

    `reply` is the reply template (see `core.reply`), "" on delivered records. Fields that the file
    does not have are "". A tuple, because one poll of a big host makes tens of thousands.
    """

    minute: int
    isp: str
    host: str
    source_ip: str
    vmta: str
    reply: str


class JobCell(NamedTuple):
    """What one campaign tally is about (`job` = accounting field `jobId`)."""

    minute: int
    isp: str
    host: str
    job: str


class JobReplyCell(NamedTuple):
    """A campaign at an ISP and what it was answered there; `start` as in `IspCell`."""

    start: int
    isp: str
    job: str
    reply: str


class IspCell(NamedTuple):
    """A stretch of time and an ISP; `start` is epoch seconds of the stretch's start."""

    start: int
    isp: str


@dataclass(slots=True)
class RollUp:
    """Everything one batch of accounting rows adds; two roll-ups of two halves sum to that of the whole."""

    cells: Mapping[Cell, Tally] = field(default_factory=dict)
    jobs: Mapping[JobCell, Tally] = field(default_factory=dict)
    samples: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(isp, reply template) -> one raw reply, local parts masked."""
    hosted: Mapping[IspCell, Tally] = field(default_factory=dict)
    """Per minute: the part of an ISP's mail that goes to hosted domains (the ISP was told by the MX alone)."""
    deferred_to: dict[IspCell, Distinct] = field(default_factory=dict)
    """Per `RECIPIENTS_EVERY_S`: whom deferred mail (type `t`) was for."""
    job_replies: Mapping[JobReplyCell, Tally] = field(default_factory=dict)
    """Per `JOB_REPLIES_EVERY_S`: records of a campaign that carry a reply."""
    filed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(isp, reply template) -> the first category that PMTA filed it under (`bounceCat`), where it names one."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Why rows were not tallied -> how many ("type r", "made by PMTA itself", "bad time", …)."""
    bad: dict[str, str] = field(default_factory=dict)
    """Why rows could not be read -> the beginning of the first one, local parts masked."""
    rows: int = 0
    newest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recipients:
    """How many different recipients the deferrals of one ISP hit, over whole stretches of `RECIPIENTS_EVERY_S`.

    `distinct` is exact up to `core.distinct.KEPT`, an estimate beyond. `tally` is counted over the same time, which
    begins at most one stretch before the window that was asked for.
    """

    window: Window
    distinct: int
    tally: Tally

    @property
    def rate(self) -> float:
        """Deferred recipients to (deferred recipients + deliveries), in [0, 1]; 0.0 where nothing was attempted."""
        tried = self.distinct + self.tally.delivered
        return self.distinct / tried if tried else 0.0


@dataclass(frozen=True, slots=True)
class QueueSizes:
    """How many recipients waited in every queue at one earlier look. `hosts` were seen in full: a queue of theirs that
    is not in `sizes` was empty. `at` is when, the start of a stretch of `store.queue_sizes.EVERY`."""

    at: datetime
    hosts: frozenset[str]
    sizes: Mapping[tuple[str, str], int]
    """(host, queue `domain/vmta`) -> recipients."""


class Dim(StrEnum):
    """What tallies can be grouped by."""

    MINUTE = "minute"
    ISP = "isp"
    HOST = "host"
    SOURCE_IP = "source_ip"
    VMTA = "vmta"
    REPLY = "reply"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class FilePosition:
    """How far one accounting file has been read.

    `offset` is the byte after the last complete line that was counted; `header` is the file's own header
    line (without line end), needed to read on from the middle. `inode` tells a rotated file from its heir, and
    `fingerprint` (of the bytes just before `offset`, "" where unknown) tells a file from another one that was
    given its inode, and finds it again in a copy. Of a file packed with gzip `offset` counts unpacked bytes, and
    `packed` is the size at which it was read to its end (0: not yet; negative: to where it is broken).
    """

    path: str
    inode: int
    offset: int
    header: str
    fingerprint: str = ""
    packed: int = 0


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue `domain/vmta` of one host as `pmta show queues` told it.

    `mode` is PMTA's word: "normal" or "backoff". `retry_at` is host-local wall time as printed, "" if none.
    """

    host: str
    name: str
    recipients: int
    connections: int
    paused: bool
    mode: str
    retry_at: str = ""
    last_error: str = ""

    @property
    def domain(self) -> str:
        return self.name.partition("/")[0]

    @property
    def vmta(self) -> str:
        return self.name.partition("/")[2]


@dataclass(frozen=True, slots=True)
class VmtaState:
    """One VMTA that holds mail now (`pmta show vmtas` leaves idle ones out)."""

    host: str
    name: str
    recipients: int
    connections: int


@dataclass(frozen=True, slots=True)
class HostSnapshot:
    """What one poll of one host saw. `complete` is false where PMTA's own cap cut the list of queues."""

    host: str
    at: datetime
    queues: tuple[QueueState, ...]
    vmtas: tuple[VmtaState, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class BadRows:
    """Rows of a host that could not be read for one reason, and the beginning of one of them."""

    reason: str
    count: int
    sample: str


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What a host's files and clock show of themselves; `core.facts` makes it and reads it.

    `columns`: those of interest that some file has. `gaps`: what could not be read at the last poll, in words.
    `undeferred_since`: the first minute with a delivery since the newest deferral, which was at `deferral_at`.
    `delivers`: a delivery was read; `undelivered`: deferrals read before the first one.
    `utc_offset_s`: the host's zone, None where it was never told; `skew_s`: how far its clock is ahead of ours, seen
    twice; `skew_once_s`: the same, seen last.
    """

    columns: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    undeferred_since: datetime | None = None
    deferral_at: datetime | None = None
    bad: tuple[BadRows, ...] = ()
    utc_offset_s: int | None = None
    skew_s: int = 0
    skew_once_s: int = 0
    clock_at: datetime | None = None
    delivers: bool = False
    undelivered: int = 0


@dataclass(frozen=True, slots=True)
class HostHealth:
    """Whether a host can be seen; `core.health` makes it and reads it.

    `polled_at` is when its accounting was last counted to the end, None if never; `error` says why it is not
    now, "" while it is. `newest_record` is the time of the newest record read, `undeferred` how many deliveries
    were counted since the last deferral, `files` whether there was a file to read. `behind_at`: when a
    backlog was last left half counted, None once its end was reached; `behind_since`: when it was first. Queues are
    read apart: `queues_at`, `queues_error`.
    """

    host: str
    polled_at: datetime | None
    newest_record: datetime | None = None
    undeferred: int = 0
    error: str = ""
    failing_since: datetime | None = None
    behind_at: datetime | None = None
    behind_since: datetime | None = None
    queues_at: datetime | None = None
    queues_error: str = ""
    files: bool = True
    facts: HostFacts = HostFacts()
