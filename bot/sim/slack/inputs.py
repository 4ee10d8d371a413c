"""Input elements: the state that Slack sends for them, and what Slack itself refuses before the app is asked."""

from __future__ import annotations

from bot.sim.slack.messages import blocks_within, elements_of
from bot.sim.slack.wire import Json

_STATE_KEY = {
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "rich_text_input": "rich_text_value",
    "file_input": "files",
}
_INITIAL = {
    "value": "initial_value",
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_user": "initial_user",
    "selected_users": "initial_users",
    "selected_channel": "initial_channel",
    "selected_conversation": "initial_conversation",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
    "rich_text_value": "initial_value",
}
_LISTS = {"selected_options", "selected_users", "files"}
REQUIRED = "Please complete this required field."


def values_of(blocks: list[Json], given: Json) -> Json:
    """`view.state.values`: `{block_id: {action_id: {"type", <value>}}}` for every input element there is.

    `given` has the same form (a plain text may stand for a whole element); what it leaves out has its initial value.
    """
    values: Json = {}
    for block in blocks_within(blocks):
        for element in elements_of(block):
            if element.get("type") in _STATE_KEY:
                entry = given.get(block["block_id"], {}).get(element["action_id"])
                values.setdefault(block["block_id"], {})[element["action_id"]] = _state(element, entry)
    return values


def _state(element: Json, given: object) -> Json:
    key = _STATE_KEY[element["type"]]
    value = given.get(key) if isinstance(given, dict) else given
    if given is None:
        value = element.get(_INITIAL.get(key, ""))
    if key == "selected_option" and isinstance(value, str):
        value = next((option for option in element.get("options", []) if option["value"] == value), None)
    if value in ("", None):
        value = [] if key in _LISTS else None
    return {"type": element["type"], key: value}


def refused(blocks: list[Json], values: Json) -> dict[str, str]:
    """Block id -> sentence, for what Slack's own client does not let through: empty required inputs, wrong lengths."""
    errors = {}
    for block in blocks_within(blocks):
        if block["type"] == "input":
            element = block["element"]
            state = values[block["block_id"]][element["action_id"]]
            if sentence := _refusal(block, element, state[_STATE_KEY[element["type"]]]):
                errors[block["block_id"]] = sentence
    return errors


def _refusal(block: Json, element: Json, value: object) -> str:
    if not value:
        return "" if block.get("optional") else REQUIRED
    length = len(value) if isinstance(value, str) else 0
    if length and length < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    if length and length > element.get("max_length", 3000):
        return f"Please enter no more than {element.get('max_length', 3000)} characters."
    return ""
