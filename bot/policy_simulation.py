"""A policy tried on accounting files: what `deferbot policy simulate` counts.

Files are read in pieces; of every record that counts only key, second and what the policy makes of it are kept, ten
bytes, so that files of several hosts and kinds (deliveries apart from deferrals) come together in order of time.

Mail that was tried while the policy would have waited is *held*: it counts as such and does nothing else, as it would
not have been tried then. The first `IN_FLIGHT_S` of a wait are left to mail that was under way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import polars as pl

from bot.core.accounting import TALLIED
from bot.core.isp import IspCatalog
from bot.core.policy import BOUNCE, DELIVERY, UNIVERSAL, WAITS, Kind, Policies, Policy, Sort
from bot.core.policy_engine import Follower, Imposed
from bot.core.templates import KeptTemplates
from bot.errors import DeferbotError
from bot.pmta.frame import Frame
from bot.pmta.local import read_local

IN_FLIGHT_S = 60
DETAILS = frozenset({"source_ip", "vmta", "rcpt", "reply"})
_TYPES = {place: name for name, place in TALLIED.items()}
_SOURCE = pl.when(pl.col("source_ip") != "").then(pl.col("source_ip")).otherwise(pl.col("vmta")).alias("source")
_KEY = ("isp", "source")
_STEP = {"key": pl.UInt32, "at": pl.Int64, "code": pl.Int16}
_SLICE = 200_000


@dataclass(slots=True)
class Applied:
    """How often one entry of a policy was met, and the waits it would have set."""

    records: int = 0
    waits: int = 0
    waited_s: int = 0


@dataclass(slots=True)
class Outcome:
    """What a policy would have done to one ISP. `held_*` were tried inside a wait."""

    isp: str
    policy: Policy
    delivered: int = 0
    deferred: int = 0
    transient: int = 0
    """Deferrals that a transient pattern takes out of the rate."""
    bounced: int = 0
    keys: int = 0
    held_delivered: int = 0
    held_deferred: int = 0
    applied: dict[Kind, Applied] = field(default_factory=dict)
    unmatched: dict[str, int] = field(default_factory=dict)
    """Reply template -> deferrals that only the universal list takes."""

    @property
    def attempts(self) -> int:
        return self.delivered + self.deferred

    @property
    def rate(self) -> float:
        return self.deferred / self.attempts if self.attempts else 0.0

    @property
    def rate_without_transient(self) -> float:
        left = self.attempts - self.transient
        return (self.deferred - self.transient) / left if left else 0.0

    @property
    def held(self) -> int:
        return self.held_delivered + self.held_deferred

    @property
    def waits(self) -> int:
        return sum(each.waits for each in self.applied.values())

    @property
    def waited_s(self) -> int:
        return sum(each.waited_s for each in self.applied.values())

    def of(self, kind: Kind) -> Applied:
        return self.applied.setdefault(kind, Applied())


@dataclass(slots=True)
class Simulation:
    """Outcomes, most waits first, and what else the files said. `first` and `last` are epoch seconds."""

    outcomes: list[Outcome]
    records: int
    left_out: dict[str, int]
    first: int
    last: int


def simulate(
    paths: Sequence[Path | str],
    policies: Policies,
    *,
    isps: IspCatalog,
    isp: str | None = None,
    told: Callable[[int], object] = lambda _: None,
) -> Simulation:
    """Try `policies` on every record of `paths` (`-` is standard input; `.gz` and `.zst` are unpacked).

    `isp` limits it to one ISP, by any usual name. `told` is called with how many more bytes have been read.

    Raises: DeferbotError where a file cannot be read or has no header, or nothing was read of `isp`.
    """
    wanted = (isps.resolve(isp) or isp.strip().lower()) if isp else None
    history = _History(policies, wanted)
    for path in paths:
        for frame in read_local(path, isps, DETAILS, told):
            history.add(frame)
    if not history.records:
        raise DeferbotError(f"{', '.join(str(path) for path in paths)}: accounting records expected, found none.")
    if wanted and wanted not in history.outcomes:
        near = isps.nearest(isp or "", history.seen)
        raise DeferbotError(f"No record of {isp} was read." + (f" Did you mean {near}?" if near else ""))
    history.replay()
    found = sorted(history.outcomes.values(), key=lambda each: (-each.waited_s, -each.attempts, each.isp))
    return Simulation(found, history.records, history.left_out, history.first, history.last)


class _History:
    """The records as steps: (key, second, code), where a code is a policy's kind."""

    def __init__(self, policies: Policies, isp: str | None) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.seen: set[str] = set()
        self.records = 0
        self.left_out: dict[str, int] = {}
        self.first = self.last = 0
        self._policies = policies
        self._isp = isp
        self._keys: dict[tuple[str, str], int] = {}
        self._codes: dict[Kind, int] = {}
        self._steps: list[pl.DataFrame] = []
        self._templates = KeptTemplates()

    def add(self, frame: Frame) -> None:
        self.records += frame.records
        for reason, times in frame.left_out.items():
            self.left_out[reason] = self.left_out.get(reason, 0) + times
        for rows in (self._wanted(frame.delivered), self._wanted(frame.others)):
            if rows.height:
                self._count(rows)

    def _wanted(self, rows: pl.DataFrame) -> pl.DataFrame:
        if self._isp is None:
            return rows
        self.seen.update(rows["isp"].unique().to_list())
        return rows.filter(pl.col("isp") == self._isp)

    def _count(self, rows: pl.DataFrame) -> None:
        newest, oldest = cast(int, rows["at"].max()), cast(int, rows["at"].min())
        self.last, self.first = max(self.last, newest), min(self.first or oldest, oldest)
        if "diag" in rows.columns:
            rows = rows.with_columns(code=self._asked(rows))
            self._count_replies(rows)
        else:
            rows = rows.with_columns(code=pl.lit(self._code(DELIVERY), pl.Int16))
            for isp, n in rows.group_by("isp").len().iter_rows():
                self._outcome(isp).delivered += n
        self._steps.append(self._with_keys(rows).select(*_STEP))

    def _asked(self, rows: pl.DataFrame) -> pl.Series:
        """What its policy makes of every record that is no delivery."""
        known: dict[tuple[str, int, str], int] = {}
        codes = []
        for isp, kind, diag in rows.select("isp", "kind", "diag").iter_rows():
            asked = (self._policies.by_isp.get(isp, ""), kind, diag)
            code = known.get(asked)
            if code is None:
                code = known[asked] = self._code(self._policies.of(isp).kind_of(_TYPES[kind], diag))
            codes.append(code)
        return pl.Series(codes, dtype=pl.Int16)

    def _count_replies(self, rows: pl.DataFrame) -> None:
        kinds = list(self._codes)
        for isp, kind, code, n in rows.group_by("isp", "kind", "code").len().iter_rows():
            outcome, found = self._outcome(isp), kinds[code]
            outcome.bounced += n if _TYPES[kind] == "b" else 0
            outcome.deferred += n if _TYPES[kind] == "t" else 0
            outcome.transient += n if _TYPES[kind] == "t" and found.sort is Sort.TRANSIENT else 0
            if found != BOUNCE:
                outcome.of(found).records += n
        plain = pl.col("code") == self._code(UNIVERSAL)
        for isp, reply, n in rows.filter(plain).group_by("isp", "reply").len().iter_rows():
            unmatched, name = self._outcome(isp).unmatched, self._templates.name(isp, reply)
            unmatched[name] = unmatched.get(name, 0) + n

    def _with_keys(self, rows: pl.DataFrame) -> pl.DataFrame:
        rows = rows.with_columns(_SOURCE)
        distinct = rows.select(*_KEY).unique()
        numbers = [self._keys.setdefault(key, len(self._keys)) for key in distinct.iter_rows()]
        keyed = distinct.with_columns(key=pl.Series(numbers, dtype=pl.UInt32))
        return rows.join(keyed, on=_KEY, how="left", maintain_order="left")

    def _code(self, kind: Kind) -> int:
        return self._codes.setdefault(kind, len(self._codes))

    def _outcome(self, isp: str) -> Outcome:
        found = self.outcomes.get(isp)
        if found is None:
            found = self.outcomes[isp] = Outcome(isp, self._policies.of(isp))
        return found

    def replay(self) -> None:
        """Every key's records in order of time through its policy."""
        keys, kinds = list(self._keys), list(self._codes)
        replayed: _Replayed | None = None
        present = -1
        for key, at, code, times in self._in_order():
            if key != present:
                present, outcome = key, self._outcome(keys[key][0])
                outcome.keys += 1
                replayed = _Replayed(outcome)
            if replayed is not None:
                replayed.take(at, kinds[code], times)

    def _in_order(self) -> Iterator[tuple[int, int, int, int]]:
        """(key, second, code, times): like deliveries of one second are one."""
        if not self._steps:
            return
        steps = pl.concat(self._steps).sort("key", "at", maintain_order=True)
        self._steps = []
        begins = (
            (pl.col("code") != self._code(DELIVERY))
            | pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in _STEP)
        ).fill_null(value=True)
        runs = steps.group_by(begins.cum_sum().alias("run"), maintain_order=True).agg(
            *(pl.col(name).first() for name in _STEP), times=pl.len()
        )
        for part in runs.select(*_STEP, "times").iter_slices(_SLICE):
            yield from zip(*(part[name].to_list() for name in part.columns), strict=True)


class _Replayed:
    """One key's records through a follower."""

    __slots__ = ("_follower", "_outcome", "_until")

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._until = 0
        self._follower = Follower(outcome.policy, self._imposed)

    def take(self, at: int, kind: Kind, times: int) -> None:
        follower = self._follower
        if at < follower.until and at - follower.until + follower.wait_s >= IN_FLIGHT_S:
            if kind == DELIVERY:
                self._outcome.held_delivered += times
            elif kind.sort in WAITS:
                self._outcome.held_deferred += times
            return
        follower.see(at, kind, times)

    def _imposed(self, wait: Imposed) -> None:
        applied = self._outcome.of(wait.kind)
        applied.waits += 1
        applied.waited_s += wait.at + wait.wait_s - max(wait.at, self._until)
        self._until = wait.at + wait.wait_s
