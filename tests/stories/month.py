"""Thirty random days of a big fleet.

Time is not taken in polls of ten seconds: there is a look at every event, at the poll after it, at the end of the
hold of five minutes that it may begin, while something is open or in force every half hour, and else every three hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from random import Random

from sqlalchemy import Engine

from bot.core.change import ACTIVE
from bot.core.incident import Incident
from tests.stories import language as tell
from tests.stories.bot_here import ANN, BO, CY, IPS
from tests.stories.language import Doing, Story
from tests.stories.stage import POLL, Stage

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOSTS = tuple(f"mta{number}" for number in range(1, 21))
PLACES = {**IPS, **{f"192.0.2.{100 + n}": (f"mta{n}", f"general-{n}") for n in range(3, 21)}}
ISPS = ("gmail", "yahoo", "microsoft", "apple", "comcast", "isp.example")
WINDOW = timedelta(minutes=70)
"""In which a rate is seen, and some more."""
LEVELS = (8, 16, 22, 35, 45, 60, 90)
"""Percent. None is near a tier's floor: where exactly a tier begins is for the tests of `core.tier`."""
WELL = 1
LASTS = (2 * MINUTE, 7 * MINUTE, 25 * MINUTE, 70 * MINUTE, 3 * HOUR)
TROUBLES_A_DAY = 0.9
BUSY, CALM = HOUR / 2, 3 * HOUR
AFTER = (POLL, 5 * MINUTE + 2 * POLL)
"""When what an event leads to is looked at."""

Make = Callable[[], Doing | None]


@dataclass
class Month:
    """`play` lives through `days` and calls `look_over` after every look; all that is random comes from `seed`."""

    stage: Stage
    seed: int
    days: int
    look_over: Callable[[Month], None]
    looks: int = 0
    levels: dict[str, list[tuple[timedelta, float]]] = field(default_factory=dict)
    """ISP -> since when so many percent, the newest last."""
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._ahead: list[tuple[timedelta, int, Make]] = []
        self._order = count()
        self._lit_at = -DAY
        self.bot = self.stage.bot
        self.bot.places = PLACES

    @classmethod
    def on(cls, folder: Path, engine: Engine, look_over: Callable[[Month], None], *, seed: int, days: int) -> Month:
        return cls(Stage(Story("", (), hosts=HOSTS), folder, engine), seed, days, look_over)

    def play(self) -> None:
        """The last day is without trouble, so that everything has to end."""
        for isp in ISPS:
            self._at(timedelta(), self._mail(isp, WELL))
        end = self.days * DAY
        for _ in range(round((self.days - 1) * TROUBLES_A_DAY)):
            self._one_trouble(self._random.random() * (end - 30 * HOUR))
        for isp in ISPS:
            self._at(end - DAY, self._mail(isp, WELL))
        self._at(end - DAY, lambda: tell.back(*HOSTS))
        self._at(end - DAY, tell.slack_back)
        while self.bot.elapsed < end:
            self._next(end)

    # ── time ──

    def _next(self, end: timedelta) -> None:
        now = self.bot.elapsed
        wait = min(BUSY if self._busy() else CALM, end - now)
        if self._ahead:
            wait = max(timedelta(), min(wait, self._ahead[0][0] - now))
        self.stage.step(wait, self._due(now + wait))
        self.looks += 1
        if self.bot.dark:
            self._lit_at = self.bot.elapsed
        self.look_over(self)

    def _busy(self) -> bool:
        parts = self.bot.parts
        return bool(parts.incidents.unresolved() or parts.changes.in_states(ACTIVE) or self.bot.dark)

    def _due(self, now: timedelta) -> Iterator[Doing]:
        """Made one after the other, each when the one before is done."""
        while self._ahead and self._ahead[0][0] <= now:
            doing = heappop(self._ahead)[2]()
            if doing is not None:
                self.done[doing.words.partition(" ")[0]] += 1
                yield doing

    def _at(self, time: timedelta, make: Make, *, looks: bool = True) -> None:
        heappush(self._ahead, (time, next(self._order), make))
        for later in AFTER if looks else ():
            heappush(self._ahead, (time + later, next(self._order), lambda: None))

    # ── what happens ──

    def _one_trouble(self, at: timedelta) -> None:
        kinds = (self._bad_mail, self._dark, self._silence, self._restart, self._slack_away)
        self._random.choices(kinds, (60, 14, 10, 10, 6))[0](at)

    def _bad_mail(self, at: timedelta) -> None:
        isp = self._random.choice(("gmail", *ISPS))
        for _ in range(self._random.randint(1, 3)):
            self._at(at, self._mail(isp, self._random.choice(LEVELS)))
            later = at
            for what in (self._take, self._apply, self._undo):
                later += 5 * MINUTE * self._random.random()
                if self._random.random() < 0.5:
                    what(isp, later)
            at += self._random.choice(LASTS)
        self._at(at, self._mail(isp, WELL))
        if self._random.random() < 0.3:
            self._at(at + 12 * MINUTE, self._mail(isp, LEVELS[-2]))
            self._at(at + HOUR, self._mail(isp, WELL))

    def _mail(self, isp: str, percent: float) -> Make:
        def make() -> Doing:
            self.levels.setdefault(isp, []).append((self.bot.elapsed, percent))
            ips = tuple(PLACES)[:8] if isp == "gmail" else tuple(PLACES)[8:12]
            return tell.mail(isp, percent, of=2_000, ips=ips)

        return make

    def _dark(self, at: timedelta) -> None:
        some = self._random.choice((HOSTS[:1], HOSTS[3:6], HOSTS[9:10], HOSTS[1:9], HOSTS))
        self._at(at, lambda: tell.dark(*some))
        self._at(at + 6 * MINUTE, lambda: None)
        self._at(at + self._random.choice(LASTS), lambda: tell.back(*some))

    def _silence(self, at: timedelta) -> None:
        isp, hours = self._random.choice(ISPS), self._random.randint(1, 5)
        self._at(at, self._if_slack(lambda: tell.command(BO, f"/deferrals silence {isp} {hours}h known trouble")))

    def _restart(self, at: timedelta) -> None:
        self._at(at, tell.restart)

    def _slack_away(self, at: timedelta) -> None:
        self._at(at, tell.slack_away)
        self._at(at + self._random.choice(LASTS), tell.slack_back)

    # ── what people do ──

    def _take(self, isp: str, at: timedelta) -> None:
        who = self._random.choice((ANN, BO, CY))
        self._at(at, self._if_shown(isp, lambda shown: tell.click(who, "acknowledge", shown)), looks=False)

    def _apply(self, isp: str, at: timedelta) -> None:
        who = self._random.choice((ANN, BO, BO, CY))
        self._at(at, self._if_shown(isp, lambda shown: tell.click(who, "apply_0", shown)), looks=False)
        self._at(at + 2 * POLL, self._if_asked(who.id, lambda: tell.submit(who, "as the advice says")), looks=False)

    def _undo(self, isp: str, at: timedelta) -> None:
        self._at(at, self._if_shown(isp, lambda shown: tell.click(ANN, "undo", shown)), looks=False)
        self._at(at + 2 * POLL, self._if_asked(ANN.id, lambda: tell.submit(ANN)), looks=False)

    def _if_shown(self, isp: str, then: Callable[[str], Doing]) -> Make:
        """Where the newest incident of the ISP has a message in the channel."""

        def make() -> Doing | None:
            incident = self.bot.parts.incidents.newest(isp)
            shown = f"`INC-{incident.id}`" if incident else ""
            return then(shown) if shown and self.bot.shows(shown) else None

        return self._if_slack(make)

    def _if_asked(self, user: str, then: Callable[[], Doing]) -> Make:
        """Where a window waits for them."""

        def make() -> Doing | None:
            stack = self.bot.slack.parts.views.stack(user)
            return then() if stack and stack[-1].source.get("submit") else None

        return self._if_slack(make)

    def _if_slack(self, make: Make) -> Make:
        return lambda: None if self.bot.slack.client.away else make()

    # ── what was so ──

    def highest(self, isp: str, span: timedelta) -> float:
        """Percent that the hosts have had deferred within `span`, whatever the bot has made of it."""
        since = self.bot.elapsed - span
        before = [percent for begun, percent in self.levels[isp] if begun <= since][-1:]
        return max([*before, *(percent for begun, percent in self.levels[isp] if begun > since)])

    def were_dark(self, span: timedelta) -> bool:
        """Whether some host was dark within `span`."""
        return self.bot.elapsed - self._lit_at <= span

    def incident(self, number: int) -> Incident:
        found = self.bot.parts.incidents.get(number)
        assert found is not None
        return found
