"""How the workspace's parts are put together; they know each other by constructor only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.sim.slack.chat_api import ChatApi
from bot.sim.slack.content import Content
from bot.sim.slack.courier import Courier
from bot.sim.slack.doors import add_headers, loopback_only
from bot.sim.slack.faults import FaultPlan
from bot.sim.slack.files import UPLOAD_LIMIT, FileShelf
from bot.sim.slack.files_api import FilesApi
from bot.sim.slack.marks_api import MarksApi
from bot.sim.slack.page_api import PageApi
from bot.sim.slack.panel import FleetPanel
from bot.sim.slack.people_api import PeopleApi
from bot.sim.slack.rates import RateGate, RateLimits
from bot.sim.slack.replies import Replies
from bot.sim.slack.socket_mode import SocketHub
from bot.sim.slack.state import Workspace
from bot.sim.slack.tickets import Tickets
from bot.sim.slack.views import ViewBook
from bot.sim.slack.views_api import ViewsApi
from bot.sim.slack.web_api import Tokens, WebApi


@dataclass(frozen=True)
class Habits:
    """How this workspace behaves; see `LocalSlack`."""

    charts: bool
    groups: bool
    commands: Sequence[str]
    limits: RateLimits
    ack_deadline_s: float


class Parts:
    """Every part, ready to serve once `app()` listens and `tell_address` was called."""

    def __init__(
        self,
        workspace: Workspace,
        tokens: Tokens,
        habits: Habits,
        panel: FleetPanel | None,
        clock: Callable[[], float],
        hub: SocketHub | None = None,
    ) -> None:
        tickets, shelf, gate = Tickets(clock), FileShelf(), RateGate(habits.limits, clock)
        content = Content(workspace, shelf, charts=habits.charts)
        self.workspace = workspace
        self.views = ViewBook(workspace)
        self.hub = hub or SocketHub()
        self.faults = FaultPlan()
        self.files = FilesApi(workspace, shelf)
        self.courier = Courier(
            workspace,
            self.views,
            tickets,
            self.hub,
            content,
            commands=tuple(habits.commands),
            ack_deadline_s=habits.ack_deadline_s,
        )
        self.page = PageApi(workspace, self.views, self.courier, shelf, panel)
        self.replies = Replies(workspace, tickets, content, self.faults)
        methods = {
            **ChatApi(workspace, content, gate, tokens.scopes).methods(),
            **ViewsApi(workspace, self.views, tickets, content).methods(),
            **PeopleApi(workspace, tokens.scopes, groups=habits.groups).methods(),
            **MarksApi(workspace).methods(),
            **self.files.methods(),
            **self.hub.methods(),
        }
        self.api = WebApi(methods, tokens, gate, self.faults)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[loopback_only], client_max_size=UPLOAD_LIMIT + (1 << 20))
        app.on_response_prepare.append(add_headers)
        app.add_routes(self.page.routes())
        app.add_routes(
            [
                web.route("*", "/api/{method}", self.api.handle),
                web.post("/actions/{team}/{key:.+}", self.replies.handle),
                web.get("/link/", self.hub.handle),
            ]
        )
        return app

    def tell_address(self, url: str) -> None:
        """`url` ends with a slash."""
        self.courier.base_url = self.files.base_url = self.hub.base_url = url

    async def close(self) -> None:
        """Let go of everything that waits, so that the server can stop."""
        self.page.end_streams()
        await self.courier.stop()
        await self.hub.close_all()
