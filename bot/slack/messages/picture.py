"""The chart as our own SVG and PNG, for workspaces that refuse Slack's chart block. Pure."""

from __future__ import annotations

from html import escape

import resvg_py

from bot.slack.messages import states
from bot.slack.messages.chart import Curve

WIDTH, HEIGHT = 720, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 44, 34
_FONT = "DejaVu Sans, Liberation Sans, Noto Sans, Arial, sans-serif"
_INK, _FAINT = "#1d2733", "#8a94a3"


def svg(line: Curve, title: str, color: str) -> str:
    """The curve on white, with its floors dashed; legible in light and dark clients at phone width."""
    top = _nice_top(max(*line.rates, *(floor for _, floor in line.floors), 0.05))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="{_FONT}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="26" font-size="17" font-weight="bold" fill="{_INK}">{escape(title)}</text>',
        *_grid(top),
        *(part for word, floor in line.floors for part in _floor(word, floor, top)),
        *_curve(line, top, color),
        "</svg>",
    ]
    return "".join(parts)


def png(line: Curve, title: str, color: str = "") -> bytes:
    """At twice the size, so that it is sharp on a phone."""
    drawn = svg(line, title, color or states.GREY)
    return bytes(resvg_py.svg_to_bytes(svg_string=drawn, zoom=2, sans_serif_family="DejaVu Sans"))


def _nice_top(rate: float) -> float:
    return next(step for step in (0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if rate <= step or step == 1.0)


def _x(place: int, points: int) -> float:
    return _LEFT + place * (WIDTH - _LEFT - _RIGHT) / max(1, points - 1)


def _y(rate: float, top: float) -> float:
    return HEIGHT - _BOTTOM - rate / top * (HEIGHT - _TOP - _BOTTOM)


def _grid(top: float) -> list[str]:
    parts = []
    for step in range(3):
        rate = top * step / 2
        y = _y(rate, top)
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="#e3e7ec"/>')
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y + 5:.1f}" font-size="14" text-anchor="end" fill="{_FAINT}">{rate:.0%}</text>'
        )
    return parts


def _floor(word: str, floor: float, top: float) -> list[str]:
    y = _y(floor, top)
    return [
        f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="{_FAINT}" stroke-dasharray="6 5"/>',
        f'<text x="{_LEFT + 6}" y="{y - 6:.1f}" font-size="13" fill="{_FAINT}">{escape(word)} from {floor:.0%}</text>',
    ]


def _curve(line: Curve, top: float, color: str) -> list[str]:
    points = len(line.rates)
    path = "L".join(f"{_x(n, points):.1f} {_y(rate, top):.1f}" for n, rate in enumerate(line.rates))
    end_x, end_y = _x(points - 1, points), _y(line.rates[-1], top)
    ticks = sorted({0, points // 2, points - 1})
    return [
        f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="3" stroke-linejoin="round"/>',
        f'<circle cx="{end_x:.1f}" cy="{end_y:.1f}" r="5" fill="{color}"/>',
        *(
            f'<text x="{_x(n, points):.1f}" y="{HEIGHT - 10}" font-size="14" fill="{_FAINT}" '
            f'text-anchor="{"start" if n == 0 else "end" if n == points - 1 else "middle"}">{line.labels[n]} UTC</text>'
            for n in ticks
        ),
    ]
