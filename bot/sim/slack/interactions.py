"""Payloads that Slack sends to an app: commands, clicks, submissions, events. Pure builders."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable

from bot.sim.slack import people
from bot.sim.slack.inputs import values_of
from bot.sim.slack.messages import Message, blocks_within, elements_of
from bot.sim.slack.people import Person
from bot.sim.slack.state import Channel
from bot.sim.slack.views import OpenView
from bot.sim.slack.wire import Json

TOKEN = "local-verification"


def marked_up(text: str, persons: Iterable[Person]) -> str:
    """What a person typed as Slack passes it on: `& < >` escaped, `@handle` turned into a mention."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for person in persons:
        text = re.sub(rf"@{re.escape(person.name)}\b", f"<@{person.id}>", text)
    return text


def command(person: Person, channel: Channel, words: str, trigger_id: str, response_url: str) -> Json:
    """A slash command; `words` is the whole line, "/deferrals gmail"."""
    name, _, text = words.strip().partition(" ")
    return {
        "token": TOKEN,
        "team_id": people.TEAM_ID,
        "team_domain": people.TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel.name,
        "user_id": person.id,
        "user_name": person.name,
        "command": name,
        "text": text.strip(),
        "api_app_id": people.APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def message_click(
    person: Person, channel: Channel, message: Message, action: Json, trigger_id: str, response_url: str
) -> Json:
    """`block_actions` from a message; ephemeral messages come without their content, as in Slack."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": bool(message.ephemeral_to),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    if attachment := _attachment_of(message, action):
        container |= {"type": "message_attachment", "attachment_id": attachment, "is_app_unfurl": False}
    payload = {
        **_interaction("block_actions", person, trigger_id),
        "container": container,
        "channel": {"id": channel.id, "name": channel.name},
        "state": {"values": values_of(all_blocks(message), {})},
        "response_url": response_url,
        "actions": [action],
    }
    return payload if message.ephemeral_to else {**payload, "message": message.to_slack()}


def view_click(person: Person, view: OpenView, action: Json, trigger_id: str) -> Json:
    """`block_actions` from a modal or App Home."""
    return {
        **_interaction("block_actions", person, trigger_id),
        "container": {"type": "view", "view_id": view.id},
        "view": view.to_slack(),
        "actions": [action],
    }


def submission(person: Person, view: OpenView, trigger_id: str) -> Json:
    return {
        **_interaction("view_submission", person, trigger_id),
        "view": view.to_slack(),
        "response_urls": [],
    }


def closed(person: Person, view: OpenView, *, cleared: bool) -> Json:
    return {**_interaction("view_closed", person, ""), "view": view.to_slack(), "is_cleared": cleared}


def event(inner: Json, at: float) -> Json:
    """The Events API's wrapping of one event."""
    return {
        "token": TOKEN,
        "team_id": people.TEAM_ID,
        "context_team_id": people.TEAM_ID,
        "api_app_id": people.APP_ID,
        "event": inner,
        "type": "event_callback",
        "event_id": f"Ev{uuid.uuid4().hex[:10].upper()}",
        "event_time": int(at),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": people.TEAM_ID,
                "user_id": people.BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def action_of(blocks: list[Json], block_id: str, given: Json, at: str) -> Json:
    """One entry of `actions`: what the element says of itself, over it what the person chose.

    An element that has gone meanwhile (an old button) is still reported, as it was on the person's screen.
    """
    for block in blocks_within(blocks):
        for element in elements_of(block):
            if element.get("action_id") == given.get("action_id") and block_id in ("", block["block_id"]):
                known: Json = {key: element[key] for key in ("type", "text", "value", "style", "url") if key in element}
                return {**known, **given, "block_id": block["block_id"], "action_ts": at}
    return {"type": "button", **given, "block_id": block_id, "action_ts": at}


def chosen(blocks: list[Json], action_id: str, over: Json) -> Json:
    """The action of a person who picks by value: `selected_option="stop"` becomes the option itself."""
    action = {"action_id": action_id, **over}
    wanted = action.get("selected_option")
    for block in blocks_within(blocks):
        for element in elements_of(block):
            if element.get("action_id") == action_id and isinstance(wanted, str):
                action["selected_option"] = next(o for o in element["options"] if o["value"] == wanted)
    return action


def all_blocks(message: Message) -> list[Json]:
    """Its own blocks and those of its attachments."""
    return message.blocks + [block for item in message.attachments for block in item.get("blocks", [])]


def _attachment_of(message: Message, action: Json) -> int:
    for number, attachment in enumerate(message.attachments, 1):
        if any(block.get("block_id") == action["block_id"] for block in attachment.get("blocks", [])):
            return number
    return 0


def _interaction(kind: str, person: Person, trigger_id: str) -> Json:
    payload: Json = {
        "type": kind,
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": people.TEAM_ID},
        "api_app_id": people.APP_ID,
        "token": TOKEN,
        "team": {"id": people.TEAM_ID, "domain": people.TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    return {**payload, "trigger_id": trigger_id} if trigger_id else payload
