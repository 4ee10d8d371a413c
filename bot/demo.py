"""`deferbot demo`: the bot as it is, on a simulated fleet over real SSH and a local Slack. Second composition root."""

from __future__ import annotations

import errno
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import SecretStr, ValidationError

from bot.errors import ConfigError
from bot.running import App
from bot.settings import Config, Secrets, Settings
from bot.sim.fleet.clock import SimClock
from bot.sim.fleet.fleet import SCENARIOS, Fleet
from bot.sim.fleet.runner import FleetRunner
from bot.sim.slack.people import GROUP_HANDLE, Person
from bot.sim.slack.server import LocalSlack
from bot.sim.sshd import SimSshd, fleet_commands
from bot.wiring import build

PEOPLE = (
    Person("U0OPERATOR", "operator", "Operator", operator=True),
    Person("U0BYSTANDER", "bystander", "Bystander"),
)
CHANNEL = "C0LOCAL"
HISTORY = timedelta(hours=3)
"""Calm mail written before the start, so that there is an "hour ago" to compare with."""


class Panel:
    """What the page shows of the fleet, and its one lever."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def scenarios(self) -> list[dict[str, str]]:
        return [{"name": name, "title": scenario.title} for name, scenario in SCENARIOS.items()]

    def start(self, name: str) -> None:
        self._fleet.start_scenario(name)

    def snapshot(self) -> dict[str, object]:
        return self._fleet.snapshot()


class Demo:
    """The whole thing as a context manager: entering starts it, leaving ends every part and removes its files."""

    def __init__(self, *, port: int, speed: float, poll_every: str, scenario: str, charts: bool = True) -> None:
        if scenario not in SCENARIOS:
            raise ConfigError([f"demo: --scenario: expected one of {', '.join(SCENARIOS)}, found {scenario!r}"])
        self._port = port
        self._speed = speed
        self._poll_every = poll_every
        self._scenario = scenario
        self._charts = charts
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deferbot-demo-")))
            self.clock = SimClock(datetime.now(UTC), self._speed)
            self.fleet = Fleet(root / "fleet", self.clock)
            self.fleet.backfill(HISTORY)
            self.fleet.start_scenario(self._scenario)
            self.slack = self._local_slack(stack)
            hosts = self._hosts(stack, root)
            self.app = self._bot(root, hosts)
            stack.callback(self.app.stop)
            runner = FleetRunner(self.fleet)
            runner.start()
            stack.callback(runner.stop)
            self.app.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def welcome(self) -> str:
        """What to open and what to try."""
        return (
            f"\ndeferbot demo: open {self.slack.url}\n\n"
            f"  Two simulated PowerMTA hosts, read over SSH; time runs {self._speed:g} times as fast as yours.\n"
            f"  Within a minute an alert comes up ({SCENARIOS[self._scenario].title}). Then try:\n"
            "    - type /deferrals, then /deferrals gmail\n"
            "    - click the first button of the alert, read what it would do, give a reason, apply\n"
            "    - watch the rate fall and the alert close; take the change back with Undo\n"
            "    - switch to the person who is not on call, and try the button again\n"
            "    - start another scenario in the fleet strip\n\n"
            "  Ctrl-C ends everything and leaves nothing behind.\n"
        )

    def _local_slack(self, stack: ExitStack) -> LocalSlack:
        slack = LocalSlack(
            people=PEOPLE,
            channel_id=CHANNEL,
            panel=Panel(self.fleet),
            port=self._port,
            charts=self._charts,
            wall=lambda: self.clock.now().timestamp(),
        )
        try:
            slack.start()
        except OSError as error:
            said = "in use" if error.errno == errno.EADDRINUSE else f"({error.strerror})"
            fault = f"demo: --port: a free port expected, found {self._port} {said}; --port 0 takes a free one"
            raise ConfigError([fault]) from None
        stack.callback(slack.stop)
        return slack

    def _hosts(self, stack: ExitStack, root: Path) -> list[dict[str, object]]:
        """Start one SSH server a host, pin its key, and describe it as a config file would."""
        hosts, pinned = [], []
        for name in self.fleet.hosts:
            server = SimSshd(name, fleet_commands(self.fleet, name), root=root / "ssh" / name)
            port = server.start()
            stack.callback(server.stop)
            pinned.append(server.known_hosts_line())
            hosts.append(
                {
                    "name": name,
                    "address": "127.0.0.1",
                    "port": port,
                    "user": "deferbot",
                    "key_file": str(server.client_key_file),
                    "accounting": list(self.fleet.accounting_globs(name)),
                }
            )
        (root / "known_hosts").write_text("".join(f"{line.rstrip()}\n" for line in pinned), encoding="utf-8")
        return hosts

    def _bot(self, root: Path, hosts: list[dict[str, object]]) -> App:
        try:
            config = Config.model_validate(
                {
                    "poll_every": self._poll_every,
                    "known_hosts": str(root / "known_hosts"),
                    "rules": str(root / "replies.local.yaml"),
                    "backfill": HISTORY,
                    "hosts": hosts,
                    "slack": {"channel": CHANNEL},
                    "roles": {"operator": [f"@{GROUP_HANDLE}"]},
                    # one poll is `speed` times as long in simulated time
                    "alerts": {"stale_after": timedelta(minutes=5) * max(1.0, self._speed / 5)},
                }
            )
        except ValidationError as error:
            faults = [f"demo: {one['loc'][0]}: {one['msg'].removeprefix('Value error, ')}" for one in error.errors()]
            raise ConfigError([fault.replace("poll_every", "--poll-every") for fault in faults]) from None
        secrets = Secrets(
            slack_bot_token=SecretStr("xoxb-local"),
            slack_app_token=SecretStr("xapp-local"),
            slack_api_url=self.slack.api_url,
            database_url=f"sqlite:///{root / 'deferbot.db'}",
        )
        return build(Settings(config=config, secrets=secrets), clock=self.clock)
