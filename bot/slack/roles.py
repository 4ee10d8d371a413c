"""Who may apply changes: Slack user ids and user groups from the configuration."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from slack_sdk import WebClient

from bot.errors import ChatError
from bot.ports import Clock
from bot.slack.chat import call

log = logging.getLogger(__name__)

KEEP = timedelta(minutes=5)
RETRY = timedelta(seconds=30)
"""How soon after a failed reading the groups are asked again: usergroups methods allow 20 calls a minute."""


class SlackRoles:
    """Implements `ports.Roles`. A group is read once in five minutes; on errors its last good answer stands."""

    def __init__(self, client: WebClient, operators: Sequence[str], clock: Clock) -> None:
        """`operators`: user ids ("U0AAAAAAA") and groups ("@mail-oncall" or "S0AAAAAAA")."""
        self._client = client
        self._users = frozenset(name for name in operators if not _is_group(name))
        self._groups = tuple(name for name in operators if _is_group(name))
        self._clock = clock
        self._guard = threading.Lock()
        self._members: frozenset[str] | None = None
        self._next_read: datetime | None = None
        self._error: ChatError | None = None

    def words(self) -> str:
        """How people read it: "people in @mail-oncall", "2 named people"."""
        parts = [f"people in {' and '.join(self._groups)}"] if self._groups else []
        if self._users:
            number = len(self._users)
            parts.append(f"{number} named {'person' if number == 1 else 'people'}")
        return " and ".join(parts) or "nobody yet (`roles.operator` is empty)"

    def is_operator(self, user: str) -> bool:
        """Raises: ChatError where a group could not be read and no earlier answer is kept."""
        if user in self._users:
            return True
        return bool(self._groups) and user in self._read()

    def forget(self) -> None:
        """Ask Slack again at the next question, because a group has changed."""
        with self._guard:
            self._next_read = None

    def _read(self) -> frozenset[str]:
        with self._guard:
            now = self._clock.now()
            if self._next_read is None or now >= self._next_read:
                self._refresh(now)
            if self._members is not None:
                return self._members
            raise self._error or ChatError("no_answer", "user groups were not read yet", permanent=False)

    def _refresh(self, now: datetime) -> None:
        try:
            self._members = self._ask()
        except ChatError as error:
            self._error, self._next_read = error, now + RETRY
            log.warning("user groups not read", extra={"action": "roles_failed", "error": str(error)})
        else:
            self._error, self._next_read = None, now + KEEP

    def _ask(self) -> frozenset[str]:
        listed = call(self._client.usergroups_list, include_disabled=False).get("usergroups") or []
        ids = {f"@{group['handle']}": group["id"] for group in listed} | {group["id"]: group["id"] for group in listed}
        members: set[str] = set()
        for name in self._groups:
            if name not in ids:
                sentence = f"roles.operator: a user group of this workspace expected, found {name}"
                raise ChatError("no_such_subteam", sentence, permanent=True)
            answer = call(self._client.usergroups_users_list, usergroup=ids[name])
            members.update(answer.get("users") or [])
        return frozenset(members)


def _is_group(name: str) -> bool:
    return name.startswith("@") or re.fullmatch(r"S[A-Z0-9]{6,}", name) is not None
