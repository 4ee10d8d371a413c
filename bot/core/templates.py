"""How many reply templates are told apart: hostile replies must not grow memory or the database without end."""

from __future__ import annotations

TEMPLATES_PER_ISP = 2_000
OTHER_TEMPLATE = "other replies"
"""What a template counts as once its ISP has `TEMPLATES_PER_ISP` of them."""


class KeptTemplates:
    """The first `cap` templates of every ISP, in the order in which they are met."""

    def __init__(self, cap: int = TEMPLATES_PER_ISP) -> None:
        self._cap = cap
        self._kept: dict[str, set[str]] = {}

    def name(self, isp: str, template: str) -> str:
        """`template`, or `OTHER_TEMPLATE` where the ISP has enough of them."""
        kept = self._kept.setdefault(isp, set())
        if template not in kept:
            if len(kept) >= self._cap:
                return OTHER_TEMPLATE
            kept.add(template)
        return template
