"""A finger on one place of a payload: looks at a value, notes what is wrong there, moves on.

Sentences and pointers are Slack's own style (`must be less than 3001 characters`, `/blocks/0/text/text`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from bot.sim.slack import limits
from bot.sim.slack.wire import Json


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing Slack refuses: where (JSON pointer), what, and the limit it broke."""

    pointer: str
    message: str
    constraint: Json = field(default_factory=dict)

    def to_json(self) -> Json:
        """As `blocks.validate` lists it."""
        shape: Json = {"code": "failed_constraint", "message": self.message, "pointer": self.pointer}
        if leaf := self.pointer.rpartition("/")[2]:
            shape["field"] = leaf
        return {**shape, "constraint": self.constraint} if self.constraint else shape

    def __str__(self) -> str:
        """As the `errors` list of chat methods has it."""
        return f"{self.message} [json-pointer:{self.pointer}]"


class Probe:
    """`value` at `pointer`; every flaw goes into the shared list `flaws`."""

    def __init__(self, value: object, pointer: str, flaws: list[Flaw]) -> None:
        self.value = value
        self.pointer = pointer
        self.flaws = flaws

    def fault(self, message: str, **constraint: object) -> None:
        self.flaws.append(Flaw(self.pointer, message, dict(constraint)))

    # ── moving ──

    def has(self, key: str) -> bool:
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def get(self, key: str) -> object:
        return self.value.get(key) if isinstance(self.value, dict) else None

    def at(self, key: str) -> Probe:
        return Probe(self.get(key), f"{self.pointer}/{key}", self.flaws)

    def given(self, key: str) -> Iterator[Probe]:
        """The place `key`, once, where there is something."""
        if self.has(key):
            yield self.at(key)

    def need(self, key: str) -> bool:
        if self.has(key):
            return True
        self.fault(f"missing required field: {key}", type="required", expected=key)
        return False

    def kind(self) -> str:
        value = self.get("type")
        return value if isinstance(value, str) else ""

    # ── looking ──

    def is_object(self) -> bool:
        if isinstance(self.value, dict):
            return True
        self.fault("must provide an object", type="object")
        return False

    def items(self, most: int, least: int = 1) -> list[Probe]:
        """The items of an array; [] with a flaw where it is none."""
        if not isinstance(self.value, list):
            self.fault("must provide an array", type="array")
            return []
        if len(self.value) > most:
            self.fault(f"no more than {most} items allowed", type="max_items", expected=most)
        if len(self.value) < least:
            self.fault(f"must contain at least {least} items", type="min_items", expected=least)
        return [Probe(item, f"{self.pointer}/{number}", self.flaws) for number, item in enumerate(self.value)]

    def string(self, most: int, least: int = 1) -> str:
        """The text; "" with a flaw where it is none."""
        if not isinstance(self.value, str):
            self.fault("must provide a string", type="string")
            return ""
        if len(self.value) > most:
            self.fault(f"must be less than {most + 1} characters", type="max_length", expected=most)
        if len(self.value) < least:
            self.fault(f"must be more than {least - 1} characters", type="min_length", expected=least)
        return self.value

    def strings(self, **most: int) -> None:
        """Optional texts of this object, each with its greatest length."""
        for key, limit in most.items():
            for place in self.given(key):
                place.string(limit, least=0)

    def need_string(self, key: str, most: int, least: int = 1) -> None:
        if self.need(key):
            self.at(key).string(most, least)

    def whole_number(self, least: int, most: int) -> None:
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not least <= self.value <= most:
            self.fault(f"must be a whole number from {least} to {most}", type="range", expected=[least, most])

    def one_of(self, allowed: Collection[str]) -> None:
        if not isinstance(self.value, str) or self.value not in allowed:
            self.fault(f"must be one of: {', '.join(sorted(allowed))}", type="enum", expected=sorted(allowed))

    def text_object(self, most: int = limits.TEXT, *, plain: bool = False) -> None:
        """A text composition object; `plain` where Slack takes no mrkdwn."""
        if not self.is_object():
            return
        allowed = ["plain_text"] if plain else ["plain_text", "mrkdwn"]
        if self.kind() not in allowed:
            self.at("type").fault(f"unsupported type: {self.kind()}", type="enum", expected=allowed)
        self.need_string("text", most)

    def texts(self, *, plain: bool = False, **most: int) -> None:
        """Optional text objects of this object, each with its greatest length."""
        for key, limit in most.items():
            for place in self.given(key):
                place.text_object(limit, plain=plain)

    def need_text(self, key: str, most: int, *, plain: bool = False) -> None:
        if self.need(key):
            self.at(key).text_object(most, plain=plain)
