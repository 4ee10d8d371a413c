"""Plays a story in virtual time and compares what is seen with what is expected; anything else is a failure."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from sqlalchemy import Engine

from bot.sim.slack.wire import Json
from bot.store.audit import AuditEntry
from tests.stories.bot_here import BotHere
from tests.stories.language import FREE, Doing, Expected, Kind, Seen, Story
from tests.stories.slack_here import CHANNEL, words_of

POLL = timedelta(seconds=10)
STEPS = ((2 * POLL, POLL), (timedelta(seconds=80), timedelta(minutes=1)))
"""(so long after something happened, look so often); later every `SELDOM`."""
SELDOM = timedelta(minutes=15)
LAST = timedelta(minutes=10)
"""For messages that still wait at the end."""
_NAME = re.compile(r"`((?:INC|OUT)-\d+)`")
SHOWN = 150
Row = tuple[timedelta, str, str]
"""When, mark, what."""


class Stage:
    """`seen` is everything that came, in order."""

    def __init__(self, story: Story, folder: Path, engine: Engine) -> None:
        self.seen: list[Seen] = []
        self._shown: dict[str, object] = {}
        self._names: dict[str, str] = {}
        self._commands = self._entry = self._ends = 0
        self.bot = BotHere(folder, engine, self._told, hosts=story.hosts, settings=story.settings)

    def step(self, by: timedelta, doings: Iterable[Doing] = ()) -> None:
        """Time passes, things happen, the bot looks."""
        self.bot.wait(by)
        for number, doing in enumerate(doings):
            if not number:
                self.bot.read()
            self.do(doing)
        self.bot.look()
        self._look_around()

    def do(self, doing: Doing) -> None:
        self.bot.or_ends(lambda: doing.do(self.bot))
        self._look_around()

    def _told(self, method: str, args: Json, answer: Json) -> None:
        """A call that Slack took."""
        if method == "chat.postMessage":
            self._posted(args, str(answer["ts"]))
        elif method == "chat.update":
            same = self._shown.get(args["ts"]) == _content(args)
            self._add(Kind.SAME if same else Kind.EDIT, str(args["channel"]), args)
            self._show(str(args["ts"]), args)
        elif method == "chat.postEphemeral":
            self._add(Kind.PRIVATE, str(args["user"]), args)
        elif method in ("views.open", "views.update"):
            shown = self.bot.slack.parts.views.find(str(answer["view"]["id"]))
            self._add(Kind.WINDOW, shown.user, answer["view"])

    def _posted(self, args: Json, ts: str) -> None:
        channel = str(args["channel"])
        kind = Kind.BROADCAST if args.get("reply_broadcast") else Kind.LINE if args.get("thread_ts") else Kind.POST
        if channel in self.bot.slack.workspace.people:
            kind = Kind.PRIVATE
        self._add(kind, channel, args, self._names.get(str(args.get("thread_ts", "")), ""))
        self._show(ts, args)

    def _show(self, ts: str, args: Json) -> None:
        self._shown[ts] = _content(args)
        self._names[ts] = next(iter(names_in(" ".join(words_of(args)))), "")
        self.bot.slack.remember(ts)

    def _add(self, kind: Kind, where: str, content: object, about: str = "") -> None:
        self.seen.append(Seen(self.bot.elapsed, kind, where, " · ".join(words_of(content)), about))

    def _look_around(self) -> None:
        """What is seen elsewhere than in Slack."""
        now, shell = self.bot.elapsed, self.bot.shell
        for host, argv in shell.changed[self._commands :]:
            self.seen.append(Seen(now, Kind.COMMAND, host, " ".join(argv)))
        for entry in self._new_entries():
            self.seen.append(Seen(now, Kind.AUDIT, entry.actor, f"{entry.action} {entry.subject} {entry.detail}"))
        self.seen += [Seen(now, Kind.ENDED, "", "the process ended")] * (self.bot.ends - self._ends)
        self._commands, self._ends = len(shell.changed), self.bot.ends

    def _new_entries(self) -> list[AuditEntry]:
        limit, found = 10, self.bot.parts.audit.entries(10)
        while len(found) == limit and found[0].seq > self._entry + 1:
            limit *= 10
            found = self.bot.parts.audit.entries(limit)
        new = [entry for entry in found if entry.seq > self._entry]
        self._entry = new[-1].seq if new else self._entry
        return new

    def finish(self) -> None:
        """Whatever still waits is sent; then Slack shows what the store says."""
        self.bot.seconds.advance(LAST)
        self.bot.or_ends(self.bot.deliver)
        self._look_around()


def names_in(words: str) -> list[str]:
    """Of the incidents and outages that a message is about, "INC-3"."""
    return _NAME.findall(words)


def _content(args: Json) -> object:
    return [args.get(key) for key in ("text", "blocks", "attachments")]


def play(story: Story, engine: Engine) -> None:
    """`engine`: an empty store. Raises: AssertionError with the timeline."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(story, Path(folder), engine)
        doings = sorted((entry for entry in story.entries if isinstance(entry, tuple)), key=lambda entry: entry[0])
        expected = [entry for entry in story.entries if isinstance(entry, Expected)]
        stops = {moment for one in expected for moment in (one.since, one.until)}
        for time, step in moments({time for time, _ in doings}, stops, _end(story)):
            stage.step(step, [doing for begins, doing in doings if begins == time])
        stage.finish()
    faults = compared(doings, expected, stage.seen)
    assert not faults, f"\n{story.name}\n{faults}"


def _end(story: Story) -> timedelta:
    last = [entry.until if isinstance(entry, Expected) else entry[0] for entry in story.entries]
    return max([story.ends, *last])


def moments(
    begins: Collection[timedelta], stops: Collection[timedelta], end: timedelta
) -> Iterator[tuple[timedelta, timedelta]]:
    """(time, how long after the one before) of every look, from 0 on: often after something begins, seldom later, and
    at every stop."""
    time, step, last = timedelta(), timedelta(), timedelta()
    while True:
        yield time, step
        if time >= end:
            return
        last = time if time in begins else last
        usual = next((every for up_to, every in STEPS if time - last < up_to), SELDOM)
        step = min([usual, *(moment - time for moment in {*begins, *stops, end} if moment > time)])
        time += step


def compared(doings: Sequence[tuple[timedelta, Doing]], expected: Sequence[Expected], seen: Sequence[Seen]) -> str:
    """ "" where all is as expected, else the whole timeline with what is wrong marked."""
    open_still, wrong = list(expected), False
    rows: list[Row] = [(at, "   ", f"› {doing.words}") for at, doing in doings]
    for one in seen:
        met = next((each for each in open_still if each.meets(one)), None)
        if met is not None:
            open_still.remove(met)
        unexpected = met is None and one.kind not in FREE
        wrong = wrong or unexpected
        mark = "!!!" if unexpected else " ok" if met else "   "
        where = "" if one.where in ("", CHANNEL) else f" {one.where}"
        rows.append((one.at, mark, f"{one.kind}{where}: {one.text[:SHOWN]}"))
    missing = [each for each in open_still if each.needed]
    for each in missing:
        words = " … ".join(each.words)
        rows.append((each.until, "???", f"never came since {_clock(each.since)}: {each.kind} {each.where} {words!r}"))
    if not missing and not wrong:
        return ""
    rows.sort(key=lambda row: row[0])
    return "\n".join(f"{_clock(at):>9} {mark} {text}{more}" for at, mark, text, more in _once(rows))


def _once(rows: Sequence[Row]) -> Iterator[tuple[timedelta, str, str, str]]:
    """Of what repeats itself the first, and how often."""
    for (mark, text), same in groupby(rows, key=lambda row: row[1:]):
        found = [at for at, _, _ in same]
        yield found[0], mark, text, f"  ×{len(found)} up to {_clock(found[-1])}" if len(found) > 1 else ""


def _clock(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
