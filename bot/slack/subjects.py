"""What Slack is told of: incidents and outages, each as messages that get plainer while Slack refuses their blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from bot.core.incident import Incident
from bot.core.outage import Outage
from bot.core.routes import Routes
from bot.ports import ChangeStore, Clock, IncidentStore, OutboxStore
from bot.slack.charts import ChartForm, Charts
from bot.slack.messages.group import group_message, joined_message
from bot.slack.messages.incident import incident_message
from bot.slack.messages.message import Message
from bot.slack.messages.outage import outage_message


class Subject(Protocol):
    """What has one message in the channel that is edited when its revision rises."""

    @property
    def id(self) -> int: ...
    @property
    def revision(self) -> int: ...


S = TypeVar("S", bound=Subject)


@dataclass(frozen=True, slots=True)
class Drawing:
    """One way to show a subject; `taken` is called where Slack took it."""

    message: Message
    taken: Callable[[], None]


class Subjects(Protocol[S]):
    """One kind of subject: what is said of it (`told`) and how it looks. `name` stands before its number."""

    @property
    def name(self) -> str: ...
    @property
    def told(self) -> OutboxStore[S]: ...
    def shown_in(self, subject: S, channel: str) -> bool:
        """Whether `channel` is to hear of it. What it has been shown once is kept true there all the same."""
        ...

    def drawings(self, subject: S) -> Iterator[Drawing]:
        """At least one, the richest first; the next is asked for where Slack refused the blocks."""
        ...


class IncidentSubjects:
    """Incidents, with their chart in the form that this workspace takes."""

    name = "INC"

    def __init__(
        self,
        told: OutboxStore[Incident],
        incidents: IncidentStore,
        change_store: ChangeStore,
        charts: Charts,
        clock: Clock,
        routes: Routes,
    ) -> None:
        self.told = told
        self.charts = charts
        self._incidents = incidents
        self._changes = change_store
        self._clock = clock
        self._routes = routes

    def shown_in(self, subject: Incident, channel: str) -> bool:
        """Where it goes itself, and where anything goes that its message shows."""
        shown = (subject, *self._incidents.members(subject.id))
        routed = any(channel == self._routes.of(one.isp, one.tier) for one in shown)
        return routed or channel in subject.life.also

    def drawings(self, subject: Incident) -> Iterator[Drawing]:
        members = self._incidents.members(subject.id)
        if subject.lead is not None or members:
            now = self._clock.now()
            shown = joined_message(subject) if subject.lead is not None else group_message(subject, members, now=now)
            yield Drawing(shown, lambda: None)
            return
        changes = self._changes.of_incident(subject.id)
        for form in [form for form in ChartForm if form >= self.charts.form]:
            chart = self.charts.blocks(subject, form)
            message = incident_message(subject, changes, now=self._clock.now(), chart=chart)
            yield Drawing(message, partial(self._taken, form))

    def _taken(self, form: ChartForm) -> None:
        if form > self.charts.form:
            self.charts.refused(self.charts.form)


class OutageSubjects:
    """Outages of hosts."""

    name = "OUT"

    def __init__(self, told: OutboxStore[Outage], clock: Clock, channel: str) -> None:
        """`channel`: the one that hears of them."""
        self.told = told
        self._clock = clock
        self._channel = channel

    def shown_in(self, subject: Outage, channel: str) -> bool:
        del subject  # all alike
        return channel == self._channel

    def drawings(self, subject: Outage) -> Iterator[Drawing]:
        yield Drawing(outage_message(subject, now=self._clock.now()), lambda: None)
