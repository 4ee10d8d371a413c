"""Slack's rules for blocks, messages and views. Pure: a payload goes in, the list of flaws comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bot.sim.slack import elements, grids, limits
from bot.sim.slack.elements import check_element, image
from bot.sim.slack.probe import Flaw, Probe

_EVERYWHERE = {"actions", "card", "context", "divider", "header", "image", "input", "rich_text", "section", "video"}
SURFACES: Mapping[str, frozenset[str]] = {
    "message": frozenset(
        _EVERYWHERE
        | {"carousel", "container", "context_actions", "data_table", "data_visualization"}
        | {"file", "markdown", "plan", "table", "task_card"}
    ),
    "modal": frozenset(_EVERYWHERE | {"alert"}),
    # Sources disagree on charts, tables and containers in App Home: the strict reading refuses them.
    "home": frozenset(_EVERYWHERE),
}
_IN_CONTAINER = frozenset(
    {"actions", "context", "divider", "file", "header", "image", "input", "rich_text", "section", "table", "video"}
)


def check_message(blocks: object, attachments: object = None, *, charts: bool = True, root: str = "") -> list[Flaw]:
    """What Slack refuses in a message. Pointers begin with `root` + `/blocks` or `/attachments`; `charts` is False in
    a workspace that does not have the `data_visualization` block."""
    flaws: list[Flaw] = []
    lists = []
    if blocks is not None:
        lists.append(Probe(blocks, f"{root}/blocks", flaws))
    if attachments is not None:
        for attachment in Probe(attachments, f"{root}/attachments", flaws).items(limits.MESSAGE_ATTACHMENTS, least=0):
            if attachment.is_object():
                lists += list(attachment.given("blocks"))
    _check_lists(lists, "message", limits.MESSAGE_BLOCKS, charts=charts)
    return flaws


def check_blocks(blocks: object, *, charts: bool = True) -> list[Flaw]:
    """As `check_message`, for bare blocks: pointers begin with the block's number."""
    flaws: list[Flaw] = []
    _check_lists([Probe(blocks, "", flaws)], "message", limits.MESSAGE_BLOCKS, charts=charts)
    return flaws


def check_view(view: object, root: str = "/view") -> list[Flaw]:
    """What Slack refuses in a modal or App Home; its size in bytes is for the caller to judge."""
    flaws: list[Flaw] = []
    place = Probe(view, root, flaws)
    if not place.is_object():
        return flaws
    kind = place.kind()
    if kind not in {"modal", "home"}:
        place.at("type").fault(f"unsupported type: {kind}", type="enum", expected=["home", "modal"])
        return flaws
    place.strings(private_metadata=limits.PRIVATE_METADATA, callback_id=limits.ID, external_id=limits.ID)
    if kind == "modal":
        place.need_text("title", limits.VIEW_TITLE, plain=True)
        place.texts(plain=True, submit=limits.VIEW_TITLE, close=limits.VIEW_TITLE)
    if place.need("blocks"):
        _check_lists([place.at("blocks")], kind, limits.VIEW_BLOCKS, charts=False)
        if kind == "modal" and not place.has("submit"):
            _refuse_inputs(place.at("blocks"))
    return flaws


def text_total(blocks: object, attachments: object) -> int:
    """Characters that count against `msg_blocks_too_long`."""
    return grids.text_length(blocks) + grids.text_length(attachments)


def _refuse_inputs(blocks: Probe) -> None:
    for block in blocks.items(limits.VIEW_BLOCKS):
        if block.kind() == "input":
            block.fault("must define `submit` to use an `input` block in modals")


def _check_lists(lists: list[Probe], surface: str, most: int, *, charts: bool) -> None:
    everything: list[Probe] = []
    for blocks in lists:
        for block in blocks.items(most, least=0):
            if block.is_object():
                _check_block(block, SURFACES[surface], charts=charts)
                everything += [block, *_children(block)]
    _check_ids(everything)
    _check_counts(everything)


def _children(block: Probe) -> Iterator[Probe]:
    children = block.get("child_blocks")
    if isinstance(children, list):
        for number, child in enumerate(children):
            yield Probe(child, f"{block.pointer}/child_blocks/{number}", block.flaws)


def _check_block(block: Probe, allowed: frozenset[str], *, charts: bool) -> None:
    kind = block.kind()
    if kind not in allowed or (kind == "data_visualization" and not charts):
        block.at("type").fault(f"unsupported type: {kind}", type="enum", expected=sorted(allowed))
        return
    for block_id in block.given("block_id"):
        block_id.string(limits.ID)
    BLOCKS[kind](block)


def _check_ids(blocks: list[Probe]) -> None:
    seen: list[object] = []
    for block in blocks:
        block_id = block.get("block_id")
        if block_id is not None and block_id in seen:
            block.at("block_id").fault(f"block_id already exists: {block_id}", type="unique")
        seen.append(block_id)
        _check_action_ids(block)


def _check_action_ids(block: Probe) -> None:
    seen: list[object] = []
    listed = block.get("elements")
    for number, element in enumerate(listed if isinstance(listed, list) else []):
        action_id = element.get("action_id") if isinstance(element, dict) else None
        if action_id is not None and action_id in seen:
            place = Probe(action_id, f"{block.pointer}/elements/{number}/action_id", block.flaws)
            place.fault(f'`action_id` "{action_id}" already exists for block_id "{block.get("block_id")}"')
        seen.append(action_id)


def _check_counts(blocks: list[Probe]) -> None:
    tables = [block for block in blocks if block.kind() in {"table", "data_table"}]
    for block in tables[limits.MESSAGE_TABLES :]:
        block.fault("only_one_table_allowed", type="max_items", expected=limits.MESSAGE_TABLES)
    drawn = [block for block in blocks if block.kind() == "data_visualization"]
    for block in drawn[limits.MESSAGE_CHARTS :]:
        block.fault(f"no more than {limits.MESSAGE_CHARTS} data_visualization blocks allowed", type="max_items")
    texts = [str(block.get("text")) for block in blocks if block.kind() == "markdown"]
    if len(texts) > 1 and sum(map(len, texts)) > limits.MARKDOWN_TEXT:
        blocks[0].fault(f"all markdown blocks must be less than {limits.MARKDOWN_TEXT + 1} characters together")


# ── one check per block type ──


def _section(block: Probe) -> None:
    if not block.has("text") and not block.has("fields"):
        block.at("type").fault("must define either `text` or `fields`")
    block.texts(text=limits.TEXT)
    for fields in block.given("fields"):
        for item in fields.items(limits.SECTION_FIELDS):
            item.text_object(limits.FIELD_TEXT)
    for accessory in block.given("accessory"):
        check_element(accessory, elements.IN_SECTION)


def _header(block: Probe) -> None:
    block.need_text("text", limits.HEADER_TEXT, plain=True)


def _listed(most: int, allowed: frozenset[str]) -> Callable[[Probe], None]:
    def check(block: Probe) -> None:
        if block.need("elements"):
            for element in block.at("elements").items(most):
                check_element(element, allowed)

    return check


def _image(block: Probe) -> None:
    image(block)
    block.texts(plain=True, title=limits.IMAGE_TITLE)


def _input(block: Probe) -> None:
    block.need_text("label", limits.INPUT_LABEL, plain=True)
    block.texts(plain=True, hint=limits.INPUT_LABEL)
    if block.need("element"):
        check_element(block.at("element"), elements.IN_INPUT)


def _markdown(block: Probe) -> None:
    block.need_string("text", limits.MARKDOWN_TEXT)


def _alert(block: Probe) -> None:
    block.need_text("text", limits.ALERT_TEXT)
    for level in block.given("level"):
        level.one_of({"default", "info", "warning", "error", "success"})


def _card(block: Probe) -> None:
    if not any(block.has(key) for key in ("hero_image", "title", "actions", "body")):
        block.fault("must define at least one of `hero_image`, `title`, `actions`, `body`")
    block.texts(title=limits.CARD_TITLE, subtitle=limits.CARD_TITLE, body=limits.CARD_BODY, subtext=limits.CARD_BODY)
    for actions in block.given("actions"):
        for element in actions.items(limits.CARD_ACTIONS):
            check_element(element, elements.IN_CARD)


def _carousel(block: Probe) -> None:
    if block.need("elements"):
        for card in block.at("elements").items(limits.CAROUSEL_CARDS):
            _card(card)


def _container(block: Probe) -> None:
    if not block.has("title") and not block.has("rich_text_title"):
        block.fault("must define either `title` or `rich_text_title`")
    block.texts(plain=True, title=limits.CONTAINER_TITLE)
    block.texts(subtitle=limits.CONTAINER_TITLE)
    if block.need("child_blocks"):
        for child in block.at("child_blocks").items(limits.CONTAINER_CHILDREN):
            if child.is_object():
                _check_block(child, _IN_CONTAINER, charts=False)


def _plan(block: Probe) -> None:
    block.need_string("title", limits.TEXT)
    if block.need("tasks"):
        block.at("tasks").items(limits.PLAN_TASKS, least=0)


def _rich_text(block: Probe) -> None:
    if block.need("elements"):
        block.at("elements").items(limits.TEXT, least=0)


def _task_card(block: Probe) -> None:
    block.need_string("task_id", limits.ID)
    block.need_string("title", limits.TEXT)


def _video(block: Probe) -> None:
    for key in ("alt_text", "thumbnail_url", "title", "video_url"):
        block.need(key)


def _free(_block: Probe) -> None:
    """Nothing to check beyond the type."""


BLOCKS: Mapping[str, Callable[[Probe], None]] = {
    "actions": _listed(limits.ACTIONS_ELEMENTS, elements.IN_ACTIONS),
    "alert": _alert,
    "card": _card,
    "carousel": _carousel,
    "container": _container,
    "context": _listed(limits.CONTEXT_ELEMENTS, elements.IN_CONTEXT),
    "context_actions": _listed(limits.CONTEXT_ACTIONS_ELEMENTS, elements.IN_CONTEXT_ACTIONS),
    "data_table": grids.data_table,
    "data_visualization": grids.chart,
    "divider": _free,
    "file": _free,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "plan": _plan,
    "rich_text": _rich_text,
    "section": _section,
    "table": grids.table,
    "task_card": _task_card,
    "video": _video,
}
