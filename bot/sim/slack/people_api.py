"""auth.test, users.*, usergroups.* and conversations.*."""

from __future__ import annotations

from bot.sim.slack import people
from bot.sim.slack.rates import TIER_2, TIER_3, TIER_4
from bot.sim.slack.state import Channel, Workspace
from bot.sim.slack.wire import ApiRefusal, Call, Json, Method

_READ_CHANNELS = ("channels:read", "groups:read", "im:read", "mpim:read")


class PeopleApi:
    """`groups` is False on a plan without user groups. Raises in every method: ApiRefusal, with Slack's code."""

    def __init__(self, workspace: Workspace, scopes: frozenset[str], *, groups: bool) -> None:
        self._workspace = workspace
        self._with_email = "users:read.email" in scopes
        self._groups = groups

    def methods(self) -> dict[str, Method]:
        return {
            "auth.test": Method(self.auth_test),
            "users.info": Method(self.info, ("users:read",), TIER_4),
            "users.list": Method(self.list, ("users:read",), TIER_2),
            "users.lookupByEmail": Method(self.by_email, ("users:read.email",), TIER_3),
            "usergroups.list": Method(self.groups, ("usergroups:read",), TIER_2),
            "usergroups.users.list": Method(self.members, ("usergroups:read",), TIER_2),
            "conversations.open": Method(self.open, ("im:write",), TIER_3),
            "conversations.info": Method(self.channel, _READ_CHANNELS, TIER_3),
            "conversations.list": Method(self.channels, _READ_CHANNELS, TIER_2),
            "conversations.join": Method(self.join, ("channels:join",), TIER_3),
        }

    def auth_test(self, _call: Call) -> Json:
        return {
            "ok": True,
            "url": f"https://{people.TEAM_DOMAIN}.slack.example/",
            "team": "Local",
            "user": people.BOT_NAME,
            "team_id": people.TEAM_ID,
            "user_id": people.BOT_USER,
            "bot_id": people.BOT_ID,
            "is_enterprise_install": False,
        }

    def info(self, call: Call) -> Json:
        person = self._workspace.person(call.need("user"))
        return {"ok": True, "user": people.user_json(person, email=self._with_email)}

    def list(self, _call: Call) -> Json:
        everybody = [*self._workspace.people.values(), people.bot_person()]
        members = [people.user_json(person, email=self._with_email) for person in everybody]
        return {"ok": True, "members": members, "response_metadata": {"next_cursor": ""}}

    def by_email(self, call: Call) -> Json:
        address = call.need("email").lower()
        for person in self._workspace.people.values():
            if people.address_of(person) == address:
                return {"ok": True, "user": people.user_json(person, email=True)}
        raise ApiRefusal("users_not_found")

    def groups(self, call: Call) -> Json:
        self._need_plan()
        group = people.group_json(self._workspace.operators(), with_users=call.flag("include_users"))
        return {"ok": True, "usergroups": [group]}

    def members(self, call: Call) -> Json:
        self._need_plan()
        if call.need("usergroup") != people.GROUP_ID:
            raise ApiRefusal("no_such_subteam")
        return {"ok": True, "users": self._workspace.operators()}

    def _need_plan(self) -> None:
        if not self._groups:
            raise ApiRefusal("plan_upgrade_required")

    # ── conversations ──

    def open(self, call: Call) -> Json:
        if call.text("channel"):
            return {"ok": True, "channel": {"id": self._workspace.channel(call.text("channel")).id}}
        users = [user for user in call.text("users").split(",") if user]
        if not users:
            raise ApiRefusal("users_list_not_supplied")
        if len(users) > 1:
            raise ApiRefusal("method_not_supported_for_channel_type")
        person = self._workspace.person(users[0])
        return {"ok": True, "channel": {"id": self._workspace.direct(person.id).id}}

    def channel(self, call: Call) -> Json:
        return {"ok": True, "channel": _shape(self._workspace.channel(call.need("channel")))}

    def channels(self, _call: Call) -> Json:
        shapes = [_shape(channel) for channel in self._workspace.channels() if not channel.user]
        return {"ok": True, "channels": shapes, "response_metadata": {"next_cursor": ""}}

    def join(self, call: Call) -> Json:
        channel = self._workspace.channel(call.need("channel"))
        if channel.user:
            raise ApiRefusal("method_not_supported_for_channel_type")
        with self._workspace.changing():
            channel.bot_is_member = True
        return {"ok": True, "channel": _shape(channel)}


def _shape(channel: Channel) -> Json:
    direct = bool(channel.user)
    shape: Json = {
        "id": channel.id,
        "is_channel": not direct,
        "is_im": direct,
        "is_group": False,
        "is_private": direct,
        "is_archived": False,
        "context_team_id": people.TEAM_ID,
    }
    if direct:
        return {**shape, "user": channel.user}
    return {**shape, "name": channel.name, "name_normalized": channel.name, "is_member": channel.bot_is_member}
