"""What a timeline is made of: what happens at a time, what has to be seen within a span. Times: "0s", "90s", "1h5m"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from bot.core.durations import parse_duration
from bot.sim.slack.faults import Fault
from bot.sim.slack.people import Person
from bot.slack.messages.preview import REASON
from tests.stories.bot_here import IPS, BotHere, Mail
from tests.watch_rig import REPUTATION


class Kind(StrEnum):
    """What can be seen. EDIT and AUDIT are free, all others have to be expected."""

    POST = "post"
    EDIT = "edit"
    SAME = "edit that changes nothing"
    LINE = "thread"
    BROADCAST = "broadcast"
    PRIVATE = "private"
    WINDOW = "window"
    COMMAND = "command"
    AUDIT = "audit"
    ENDED = "ended"


FREE = frozenset({Kind.EDIT, Kind.AUDIT})


@dataclass(frozen=True, slots=True)
class Seen:
    """`at`: since the beginning. `where`: the channel of a message, who sees what is private, the host of a command,
    who did what is audited. `about`: the incident or outage in whose thread a line is."""

    at: timedelta
    kind: Kind
    where: str
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Doing:
    """`words` are for the printed timeline."""

    words: str
    do: Callable[[BotHere], object]


@dataclass(frozen=True, slots=True)
class Expected:
    """One thing with all of these `words`, somewhere between `since` and `until`, anywhere where `where` is "". What is
    not `needed` may come or not."""

    kind: Kind
    words: tuple[str, ...]
    where: str = ""
    since: timedelta = timedelta()
    until: timedelta = timedelta()
    needed: bool = True

    def meets(self, seen: Seen) -> bool:
        here = self.where in ("", seen.where) and self.kind is seen.kind
        return here and self.since <= seen.at <= self.until and all(word in seen.text for word in self.words)


Entry = tuple[timedelta, Doing] | Expected


@dataclass(frozen=True, slots=True)
class Story:
    """`settings` as in config.yaml; `ends`: how long it is watched, at least to its last entry."""

    name: str
    entries: tuple[Entry, ...]
    ends: timedelta = timedelta()
    hosts: tuple[str, ...] = ("mta1", "mta2")
    settings: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


def story(name: str, *entries: tuple[Entry, ...], ends: str = "0s", **given: object) -> Story:
    return Story(name, tuple(entry for group in entries for entry in group), _time(ends), **given)  # type: ignore[arg-type]


def at(time: str, *doings: Doing) -> tuple[Entry, ...]:
    return tuple((_time(time), doing) for doing in doings)


def within(since: str, until: str, *expected: Expected) -> tuple[Entry, ...]:
    return tuple(replace(one, since=_time(since), until=_time(until)) for one in expected)


def maybe(one: Expected) -> Expected:
    """It may come or not."""
    return replace(one, needed=False)


def _time(text: str) -> timedelta:
    return timedelta() if text == "0s" else parse_duration(text)


# ── what happens ──


def mail(
    isp: str,
    percent: float,
    *,
    of: int = 1_000,
    reply: str = REPUTATION,
    ips: tuple[str, ...] = tuple(IPS),
    refused: float = 0.0,
) -> Doing:
    """From now on `percent` of the ISP's attempts are deferred, of the last hour as a whole."""

    def begin(bot: BotHere) -> None:
        before = bot.mail.get(isp)
        bot.mail[isp] = Mail(percent / 100, of, reply, ips, refused / 100, before.sent if before else {})

    return Doing(f"{isp}: {percent:g} % of {of:,} deferred", begin)


def storm(count: int, percent: float) -> Doing:
    """As many ISPs with the same trouble."""
    many = [mail(f"isp{number:03}.example", percent) for number in range(count)]
    return Doing(f"{count} ISPs: {percent:g} % deferred", lambda bot: [one.do(bot) for one in many])


def no_mail(isp: str) -> Doing:
    return Doing(f"{isp}: no more mail", lambda bot: bot.mail.pop(isp))


def dark(*hosts: str) -> Doing:
    return Doing(f"{', '.join(hosts)} dark", lambda bot: bot.dark.update(hosts))


def back(*hosts: str) -> Doing:
    return Doing(f"{', '.join(hosts)} back", lambda bot: bot.dark.difference_update(hosts))


def deaf(host: str) -> Doing:
    """It takes every command and does nothing."""

    def begin(bot: BotHere) -> None:
        bot.shell.deaf |= {host}

    return Doing(f"{host} takes commands and does not obey", begin)


def kill_at_command(host: str) -> Doing:
    """The process ends once the host has carried out the next command that changes something, before it answers."""

    def begin(bot: BotHere) -> None:
        bot.shell.kill_at = host

    return Doing(f"kill -9 at the next command on {host}", begin)


def restart() -> Doing:
    return Doing("the bot is restarted", lambda bot: bot.start())


def kill_after(method: str) -> Doing:
    """The process ends once Slack has taken the next call of this method, before the bot knows; it starts again."""
    return Doing(f"kill -9 after the next {method}", lambda bot: setattr(bot.slack.client, "kill_after", method))


def slack_away() -> Doing:
    return Doing("Slack gives no answer", lambda bot: setattr(bot.slack.client, "away", True))


def slack_back() -> Doing:
    return Doing("Slack answers again", lambda bot: setattr(bot.slack.client, "away", False))


def slack_fails(method: str, *, status: int = 0, error: str = "", lost: bool = False, times: int = 1) -> Doing:
    """`lost`: Slack does it, and its answer does not come through."""
    fault = Fault(error, status, 30, lost)
    words = f"{method} fails: {status or error or 'its answer is lost'}"
    return Doing(words, lambda bot: bot.slack.fail_next(method, fault, times))


def clock_jumps(by: str) -> Doing:
    """The wall clock is set; no time passes."""
    return Doing(f"the clock jumps by {by}", lambda bot: bot.clock.advance(_time(by)))


def command(who: Person, text: str) -> Doing:
    return Doing(f"{who.display}: {text}", lambda bot: bot.slack.command(who.id, text))


def click(who: Person, action: str, on: str, *, menu: str = "") -> Doing:
    """Click a button of the newest message with the words `on`, or the entry of its menu that begins with `menu`."""
    return Doing(
        f"{who.display} clicks {menu or action} on {on!r}",
        lambda bot: bot.slack.click(who.id, bot.newest(on), "more" if menu else action, menu),
    )


def submit(who: Person, reason: str = "") -> Doing:
    """Send off the window in front."""
    values = {REASON: {REASON: reason}} if reason else {}
    return Doing(f"{who.display} confirms {reason!r}", lambda bot: bot.slack.submit(who.id, values))


def delete(on: str) -> Doing:
    return Doing(f"the message {on!r} is deleted", lambda bot: bot.slack.remove(bot.newest(on)))


def twice(on: bool) -> Doing:
    """Whether Slack delivers every envelope twice."""
    return Doing(f"envelopes come {'twice' if on else 'once'}", lambda bot: bot.slack.twice(on=on))


def late() -> Doing:
    return Doing("envelopes wait on their way", lambda bot: bot.slack.late())


def arrive() -> Doing:
    return Doing("late envelopes arrive", lambda bot: bot.slack.arrive())


# ── what is seen ──


def post(*words: str, channel: str = "") -> Expected:
    return Expected(Kind.POST, words, channel)


def edit(*words: str) -> Expected:
    return Expected(Kind.EDIT, words)


def line(*words: str) -> Expected:
    return Expected(Kind.LINE, words)


def broadcast(*words: str) -> Expected:
    return Expected(Kind.BROADCAST, words)


def private(who: Person, *words: str) -> Expected:
    return Expected(Kind.PRIVATE, words, who.id)


def window(who: Person, *words: str) -> Expected:
    return Expected(Kind.WINDOW, words, who.id)


def ran(host: str, *words: str) -> Expected:
    """A command that changes something, on a host."""
    return Expected(Kind.COMMAND, words, host)


def audited(who: str, *words: str) -> Expected:
    return Expected(Kind.AUDIT, words, who)


def ended() -> Expected:
    """The process was killed."""
    return Expected(Kind.ENDED, ())
