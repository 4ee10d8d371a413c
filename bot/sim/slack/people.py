"""Who is in the workspace: people, the bot, the on-call group. Ids and JSON shapes are Slack's."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sim.slack.wire import Json

TEAM_ID = "T0LOCAL"
TEAM_DOMAIN = "local"
APP_ID = "A0LOCAL"
BOT_ID = "B0LOCAL"
BOT_USER = "U0LOCALBOT"
BOT_NAME = "deferbot"
GROUP_ID = "S0ONCALL"
GROUP_HANDLE = "mail-oncall"


@dataclass(frozen=True, slots=True)
class Person:
    """`name` is the handle, `display` what others read; operators are members of the on-call group."""

    id: str
    name: str
    display: str
    operator: bool = False


def user_json(person: Person, *, email: bool) -> Json:
    """`users.info`'s `user`; the address only where the token may read it."""
    profile: Json = {"real_name": person.display, "display_name": person.display, "team": TEAM_ID}
    if email:
        profile["email"] = address_of(person)
    return {
        "id": person.id,
        "team_id": TEAM_ID,
        "name": person.name,
        "deleted": False,
        "real_name": person.display,
        "tz": "Etc/UTC",
        "tz_label": "Coordinated Universal Time",
        "tz_offset": 0,
        "profile": profile,
        "is_admin": False,
        "is_owner": False,
        "is_bot": person.id == BOT_USER,
        "is_app_user": False,
    }


def address_of(person: Person) -> str:
    return f"{person.name}@people.example"


def bot_person() -> Person:
    return Person(BOT_USER, BOT_NAME, BOT_NAME)


def bot_profile() -> Json:
    return {"id": BOT_ID, "app_id": APP_ID, "name": BOT_NAME, "deleted": False, "team_id": TEAM_ID}


def page_person(person: Person) -> Json:
    return {"id": person.id, "name": person.name, "display": person.display, "operator": person.operator}


def group_json(members: list[str], *, with_users: bool) -> Json:
    """`usergroups.list`'s entry of the on-call group."""
    group: Json = {
        "id": GROUP_ID,
        "team_id": TEAM_ID,
        "is_usergroup": True,
        "name": "Mail on call",
        "handle": GROUP_HANDLE,
        "description": "People who may change the mail servers",
        "date_delete": 0,
        "user_count": len(members),
    }
    return {**group, "users": members} if with_users else group
