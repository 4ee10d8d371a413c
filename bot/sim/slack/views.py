"""Modals and App Homes: who has which open, in which version, with which input."""

from __future__ import annotations

import copy
import itertools
import secrets
from dataclasses import dataclass, field

from bot.sim.slack import people
from bot.sim.slack.inputs import values_of
from bot.sim.slack.state import Workspace
from bot.sim.slack.wire import ApiRefusal, Json

STACK_LIMIT = 3


@dataclass
class OpenView:
    """A modal on somebody's screen, or their App Home. `errors`: block id -> sentence, from the last submission."""

    id: str
    user: str
    source: Json
    hash: str
    root: str
    previous: str = ""
    values: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def to_slack(self) -> Json:
        """As answers and payloads show it."""
        source = copy.deepcopy(self.source)
        return {
            "id": self.id,
            "team_id": people.TEAM_ID,
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "title": None,
            "submit": None,
            "close": None,
            "clear_on_close": False,
            "notify_on_close": False,
            **source,
            "state": {"values": values_of(source["blocks"], self.values)},
            "hash": self.hash,
            "previous_view_id": self.previous or None,
            "root_view_id": self.root,
            "app_id": people.APP_ID,
            "app_installed_team_id": people.TEAM_ID,
            "bot_id": people.BOT_ID,
        }

    def to_page(self) -> Json:
        return {"view_id": self.id, "hash": self.hash, "view": self.to_slack(), "errors": dict(self.errors)}


class ViewBook:
    """Open views of everybody; the lock is the workspace's."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stacks: dict[str, list[OpenView]] = {}
        self._homes: dict[str, OpenView] = {}
        self._numbers = itertools.count(1)

    def stack(self, user: str) -> list[OpenView]:
        """The person's open modals, the one in front last."""
        with self._workspace.changed:
            return list(self._stacks.get(user, []))

    def home(self, user: str) -> OpenView | None:
        with self._workspace.changed:
            return self._homes.get(user)

    def find(self, view_id: str, external_id: str = "") -> OpenView:
        """Raises: ApiRefusal `not_found`."""
        with self._workspace.changed:
            everything = itertools.chain(self._homes.values(), *self._stacks.values())
            for view in everything:
                if view.id == view_id or (external_id and view.source.get("external_id") == external_id):
                    return view
        raise ApiRefusal("not_found")

    def open(self, user: str, source: Json) -> OpenView:
        """Show a modal in place of whatever the person had open."""
        with self._workspace.changing():
            self._refuse_double(source)
            view = self._new(user, source)
            self._stacks[user] = [view]
        return view

    def push(self, user: str, source: Json) -> OpenView:
        """Put a modal over the one in front. Raises: ApiRefusal `not_found`, `push_limit_reached`."""
        with self._workspace.changing():
            stack = self._stacks.get(user, [])
            if not stack:
                raise ApiRefusal("not_found")
            if len(stack) >= STACK_LIMIT:
                raise ApiRefusal("push_limit_reached")
            self._refuse_double(source)
            view = self._new(user, source)
            view.root, view.previous = stack[0].id, stack[-1].id
            stack.append(view)
        return view

    def update(self, view: OpenView, source: Json, known_hash: str) -> OpenView:
        """Replace what a view shows; what was typed stays where block and action keep their ids.

        Raises: ApiRefusal `hash_conflict` where `known_hash` is given and is not the newest.
        """
        with self._workspace.changing():
            if known_hash and known_hash != view.hash:
                raise ApiRefusal("hash_conflict")
            self._refuse_double(source, keeping=view)
            view.source, view.hash, view.errors = self._filled(source), _new_hash(self._workspace), {}
        return view

    def publish(self, user: str, source: Json, known_hash: str) -> OpenView:
        """Raises: ApiRefusal `hash_conflict`."""
        if home := self.home(user):
            return self.update(home, source, known_hash)
        with self._workspace.changing():
            self._homes[user] = self._new(user, source)
            return self._homes[user]

    def close(self, view: OpenView, *, all_of_them: bool = False) -> None:
        with self._workspace.changing():
            stack = self._stacks.get(view.user, [])
            if all_of_them or (stack and stack[0] is view):
                self._stacks.pop(view.user, None)
            elif view in stack:
                stack.remove(view)

    def fill_in(self, view: OpenView, values: Json, errors: dict[str, str]) -> None:
        """Remember what was typed and what is wrong with it."""
        with self._workspace.changing():
            view.values, view.errors = values, errors

    def _new(self, user: str, source: Json) -> OpenView:
        key = f"V{next(self._numbers):06d}"
        return OpenView(key, user, self._filled(source), _new_hash(self._workspace), key)

    def _filled(self, source: Json) -> Json:
        return {**copy.deepcopy(source), "blocks": self._workspace.names.fill(source["blocks"])}

    def _refuse_double(self, source: Json, keeping: OpenView | None = None) -> None:
        external = source.get("external_id")
        if not external:
            return
        for view in itertools.chain(self._homes.values(), *self._stacks.values()):
            if view is not keeping and view.source.get("external_id") == external:
                raise ApiRefusal("duplicate_external_id")


def _new_hash(workspace: Workspace) -> str:
    return f"{int(workspace.now())}.{secrets.token_hex(4)}"
