"""Buttons and menus: which, in which order, and the opaque values they carry back. Never parameters, only ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import slackblocks as sb

from bot.core.diagnosis import Offer
from bot.slack.messages import texts

LABEL_LIMIT = 75
OPTION_LIMIT = 5


def apply_value(incident: int, revision: int, playbook: str) -> str:
    """`<incident>:<revision>:<playbook>`."""
    return f"{incident}:{revision}:{playbook}"


def incident_value(incident: int, revision: int) -> str:
    """`<incident>:<revision>`."""
    return f"{incident}:{revision}"


def read_apply(value: str) -> tuple[int, int, str] | None:
    """(incident, revision, playbook), None where the value is not one of ours."""
    incident, _, rest = value.partition(":")
    revision, _, playbook = rest.partition(":")
    return (int(incident), int(revision), playbook) if _ids(incident, revision) and playbook else None


def read_incident(value: str) -> tuple[int, int] | None:
    incident, _, revision = value.partition(":")
    return (int(incident), int(revision)) if _ids(incident, revision) else None


def read_change(value: str) -> int | None:
    return int(value) if _ids(value) else None


def _ids(*parts: str) -> bool:
    return all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts)


def label(title: str) -> str:
    """A verb and its object, with the "…" that says a preview follows."""
    return texts.clip(texts.one_line(title), LABEL_LIMIT - 1).rstrip("…") + "…"


def plain(text: str) -> str:
    """A label without the "…": it only shows something. "" where nothing of `text` can be seen."""
    return texts.clip(texts.one_line(text), LABEL_LIMIT)


def offer_button(offer: Offer, place: int, value: str) -> sb.Button:
    """The first is the recommended one and stands out; red only where it stops mail."""
    style: Literal["danger", "primary"] | None = "danger" if offer.stops_mail else "primary" if place == 0 else None
    return sb.Button(text=label(offer.title), action_id=f"apply_{place}", value=value, style=style)


def acknowledge_button(value: str) -> sb.Button:
    return sb.Button(text="Acknowledge", action_id="acknowledge", value=value)


def diagnose_button(value: str) -> sb.Button:
    return sb.Button(text="Diagnose", action_id="diagnose", value=value)


def undo_button(change: int, text: str = "Undo") -> sb.Button:
    """`text` names the change where several could be meant."""
    return sb.Button(text=label(text), action_id="undo", value=str(change))


def isp_button(isp: str, place: int, text: str) -> sb.Button:
    """Asks `/deferrals <isp>`."""
    return sb.Button(text=plain(text) or "Show it", action_id=f"isp_{place}", value=texts.clip(isp, 200))


def link_button(text: str, url: str, place: int) -> sb.Button:
    """Opens a page of a provider in the browser."""
    return sb.Button(text=plain(text) or "Look it up", action_id=f"link_{place}", url=url)


def overview_button(text: str = "All ISPs") -> sb.Button:
    return sb.Button(text=text, action_id="overview", value="all")


def share_button(minutes: int) -> sb.Button:
    """Shows the handover of the last `minutes` to all."""
    return sb.Button(text="Post in channel", action_id="share", value=str(minutes))


def resolve_option(incident: int, revision: int) -> tuple[str, str]:
    return label("Close it"), f"resolve:{incident_value(incident, revision)}"


def unsilence_button(silence: int, place: int) -> sb.Button:
    return sb.Button(text=f"End SIL-{silence}", action_id=f"unsilence_{place}", value=str(silence))


def silence_option(incident: int, revision: int) -> tuple[str, str]:
    return label("Silence"), f"silence:{incident_value(incident, revision)}"


def menu(options: Sequence[tuple[str, str]]) -> sb.OverflowMenu | None:
    """The "⋯" menu of (label, value), at most five; None where there is nothing to offer.

    A value starts with what to do: `apply:<incident>:<revision>:<playbook>` or `undo:<change>`.
    """
    items = [sb.Option(text=sb.Text(text, type_=sb.TextType.PLAINTEXT), value=value) for text, value in options]
    fitting = [item for item in items if len(item.value) <= 150][:OPTION_LIMIT]
    return sb.OverflowMenu(action_id="more", options=fitting) if fitting else None


def offer_options(offers: Sequence[Offer], incident: int, revision: int) -> list[tuple[str, str]]:
    return [(label(o.title), f"apply:{apply_value(incident, revision, o.playbook)}") for o in offers]
