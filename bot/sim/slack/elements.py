"""Checks of block elements: buttons, menus, boxes, inputs, images, and the confirm dialogs on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.sim.slack import limits
from bot.sim.slack.probe import Probe

Check = Callable[[Probe], None]


def check_element(place: Probe, allowed: frozenset[str]) -> None:
    """An element at a place that takes only `allowed` types."""
    if not place.is_object():
        return
    kind = place.kind()
    if kind not in allowed:
        place.at("type").fault(f"unsupported type: {kind}", type="enum", expected=sorted(allowed))
        return
    for action_id in place.given("action_id"):
        action_id.string(limits.ID)
    ELEMENTS[kind](place)
    for confirm in place.given("confirm"):
        _confirm(confirm)


def image(place: Probe) -> None:
    """An image element or the same fields of an image block."""
    if place.has("slack_file") == place.has("image_url"):
        place.fault("must define either `image_url` or `slack_file`")
    place.strings(image_url=limits.IMAGE_URL)
    place.need_string("alt_text", limits.ALT_TEXT, least=0)


def _confirm(place: Probe) -> None:
    if not place.is_object():
        return
    place.need_text("title", limits.CONFIRM_TITLE, plain=True)
    place.need_text("text", limits.CONFIRM_TEXT)
    place.need_text("confirm", limits.CONFIRM_BUTTON, plain=True)
    place.need_text("deny", limits.CONFIRM_BUTTON, plain=True)
    _style(place)


def _style(place: Probe) -> None:
    for style in place.given("style"):
        style.one_of({"primary", "danger"})


def _button(place: Probe) -> None:
    place.need_text("text", limits.BUTTON_TEXT, plain=True)
    place.strings(value=limits.BUTTON_VALUE, url=limits.BUTTON_URL, accessibility_label=limits.ACCESSIBILITY_LABEL)
    _style(place)


def _icon_button(place: Probe) -> None:
    place.need_text("text", limits.BUTTON_TEXT, plain=True)
    place.need_string("icon", limits.ID)
    place.strings(value=limits.BUTTON_VALUE, accessibility_label=limits.ACCESSIBILITY_LABEL)


def _feedback_buttons(place: Probe) -> None:
    for key in ("positive_button", "negative_button"):
        if place.need(key):
            _button(place.at(key))


def _option(place: Probe, *, plain: bool) -> None:
    if not place.is_object():
        return
    place.need_text("text", limits.OPTION_TEXT, plain=plain)
    place.need_string("value", limits.OPTION_VALUE)
    place.texts(plain=plain, description=limits.OPTION_DESCRIPTION)
    place.strings(url=limits.BUTTON_URL)


def _options(place: Probe, most: int, *, plain: bool = True) -> None:
    for option in place.items(most):
        _option(option, plain=plain)


def _overflow(place: Probe) -> None:
    if place.need("options"):
        _options(place.at("options"), limits.OVERFLOW_OPTIONS)


def _placeholder(place: Probe) -> None:
    place.texts(plain=True, placeholder=limits.PLACEHOLDER)


def _static_select(place: Probe) -> None:
    _placeholder(place)
    if place.has("options") == place.has("option_groups"):
        place.fault("must define either `options` or `option_groups`")
    for options in place.given("options"):
        _options(options, limits.SELECT_OPTIONS)
    for groups in place.given("option_groups"):
        for group in groups.items(limits.SELECT_OPTIONS):
            group.need_text("label", limits.OPTION_TEXT, plain=True)
            if group.need("options"):
                _options(group.at("options"), limits.SELECT_OPTIONS)
    for initial in place.given("initial_option"):
        _known_option(initial, place)


def _known_option(initial: Probe, place: Probe) -> None:
    groups = place.get("option_groups")
    listed = place.get("options")
    options = list(listed) if isinstance(listed, list) else []
    for group in groups if isinstance(groups, list) else []:
        options += group.get("options", []) if isinstance(group, dict) else []
    if initial.value not in options:
        initial.fault("must match exactly one of the options")


def _boxes(place: Probe) -> None:
    if place.need("options"):
        _options(place.at("options"), limits.BOX_OPTIONS, plain=False)


def _text_input(place: Probe) -> None:
    _placeholder(place)
    place.strings(initial_value=limits.INPUT_TEXT)
    for key in ("min_length", "max_length"):
        for number in place.given(key):
            number.whole_number(0 if key == "min_length" else 1, limits.INPUT_TEXT)


def _number_input(place: Probe) -> None:
    _placeholder(place)
    if not isinstance(place.get("is_decimal_allowed"), bool):
        place.fault("missing required field: is_decimal_allowed")


def _text(place: Probe) -> None:
    place.text_object()


_SELECTS = frozenset({"static_select", "external_select", "users_select", "channels_select", "conversations_select"})
_MULTI = frozenset({"multi_static_select", "multi_users_select"})
_PICKERS = frozenset({"datepicker", "timepicker"})
_BOXES = frozenset({"checkboxes", "radio_buttons"})

IN_ACTIONS = _SELECTS | _MULTI | _PICKERS | _BOXES | {"button", "overflow", "datetimepicker"}
IN_SECTION = (IN_ACTIONS | {"image"}) - {"datetimepicker"}
IN_CONTEXT = frozenset({"image", "mrkdwn", "plain_text"})
IN_CONTEXT_ACTIONS = frozenset({"feedback_buttons", "icon_button"})
IN_CARD = frozenset({"button"})
IN_INPUT = (
    _SELECTS
    | _MULTI
    | _PICKERS
    | _BOXES
    | {"plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input"}
    | {"datetimepicker", "file_input"}
)

ELEMENTS: Mapping[str, Check] = {
    "button": _button,
    "overflow": _overflow,
    "icon_button": _icon_button,
    "feedback_buttons": _feedback_buttons,
    "static_select": _static_select,
    "multi_static_select": _static_select,
    "checkboxes": _boxes,
    "radio_buttons": _boxes,
    "plain_text_input": _text_input,
    "number_input": _number_input,
    "image": image,
    "mrkdwn": _text,
    "plain_text": _text,
    **dict.fromkeys(
        (_SELECTS | _MULTI | _PICKERS | IN_INPUT)
        - _BOXES
        - {"static_select", "multi_static_select", "plain_text_input", "number_input"},
        _placeholder,
    ),
}
