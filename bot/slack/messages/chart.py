"""The last hour as a line: Slack's own chart, the same as a PNG, the same in one line of text. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import slackblocks as sb

from bot.core.causes import tries
from bot.core.diagnosis import Diagnosis
from bot.core.model import Tally
from bot.core.tier import Tier, TierRule
from bot.slack.messages import states, texts
from bot.slack.messages.message import context
from bot.slack.messages.table import bars

POINTS = 20


@dataclass(frozen=True, slots=True)
class Curve:
    """At most 20 buckets that held mail, oldest first; `floors` are the tiers worth a line: (word, floor)."""

    starts: tuple[datetime, ...]
    rates: tuple[float, ...]
    floors: tuple[tuple[str, float], ...]
    form: str = "%H:%M"
    """How a bucket's start is written under the line."""

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(start.strftime(self.form) for start in self.starts)


def curve(diagnosis: Diagnosis, rule: TierRule) -> Curve | None:
    """None where fewer than two buckets hold mail. Empty buckets are left out: no mail is not 0 %."""
    window = diagnosis.window
    width = max(60, -(-int(window.length.total_seconds()) // POINTS))
    start = int(window.start.timestamp())
    buckets: dict[int, Tally] = {}
    for point in diagnosis.series:
        if window.start.timestamp() <= point.minute < window.end.timestamp():
            place = (point.minute - start) // width
            buckets[place] = buckets.get(place, Tally()) + point.tally
    held = sorted((place, _rate(tally, diagnosis)) for place, tally in buckets.items() if _of(tally, diagnosis))
    if len(held) < 2:
        return None
    rates = tuple(rate for _, rate in held)
    starts = tuple(datetime.fromtimestamp(start, UTC) + timedelta(seconds=place * width) for place, _ in held)
    return Curve(starts, rates, floors(rule, diagnosis.tier, max(rates)))


def _of(tally: Tally, diagnosis: Diagnosis) -> int:
    return tries(tally) if diagnosis.by_refusal else tally.attempts


def _rate(tally: Tally, diagnosis: Diagnosis) -> float:
    """Minute by minute only bounces are known, not whom they blame."""
    return tally.bounced / tries(tally) if diagnosis.by_refusal else tally.rate


def _what(diagnosis: Diagnosis) -> str:
    return "bounced" if diagnosis.by_refusal else "deferred"


def floors(rule: TierRule, tier: Tier, peak: float) -> tuple[tuple[str, float], ...]:
    """The floor of the present tier and the next above, as far as the line comes near them."""
    near = [t for t in Tier if t is not Tier.CLEAR and tier <= t <= tier + 1]
    return tuple((states.tier_word(t), rule.floor(t)) for t in near if rule.floor(t) <= max(peak * 1.6, 0.06))


def native(diagnosis: Diagnosis, rule: TierRule) -> list[sb.Block]:
    """Slack's `data_visualization` block, in percent."""
    line = curve(diagnosis, rule)
    return [block(line, title(diagnosis), _what(diagnosis))] if line is not None else []


def block(line: Curve, name: str, what: str = "deferred") -> sb.DataVisualizationBlock:
    """Any curve as Slack's own chart."""
    series = [_series(what, line.labels, line.rates)]
    for word, floor in line.floors:
        series.append(_series(f"{word} from {floor * 100:.0f} %", line.labels, (floor,) * len(line.labels)))
    axis = sb.AxisConfig(categories=list(line.labels), x_label="UTC", y_label=f"% {what}")
    return sb.DataVisualizationBlock(title=name, chart=sb.LineChart(series=series, axis_config=axis))


def _series(name: str, labels: tuple[str, ...], rates: tuple[float, ...]) -> sb.DataSeries:
    points = [sb.DataPoint(label, round(rate * 100, 1)) for label, rate in zip(labels, rates, strict=True)]
    return sb.DataSeries(texts.clip(name, 20), points)


def picture(diagnosis: Diagnosis, rule: TierRule, file_id: str) -> list[sb.Block]:
    """The uploaded PNG `file_id`."""
    image = sb.SlackFile(url=None, id=None)
    image.id = file_id  # set afterwards: the id is Slack's own, so its length is not ours to check
    return [sb.ImageBlock(slack_file=image, alt_text=in_words(diagnosis, rule))]


def sparkline(diagnosis: Diagnosis, rule: TierRule) -> list[sb.Block]:
    line = spark(diagnosis, rule)
    return [context(line)] if line else []


def spark(diagnosis: Diagnosis, rule: TierRule) -> str:
    """ "▁▂▃▅█ 60 min, peak 34 %"; "" where there is no line to draw. The bars start at 0 %."""
    line = curve(diagnosis, rule)
    if line is None:
        return ""
    return f"{bars(line.rates)}  {states.span(diagnosis)}, peak {texts.percent(max(line.rates))}"


def title(diagnosis: Diagnosis) -> str:
    return texts.clip(f"{texts.one_line(diagnosis.title)}: % {_what(diagnosis)}, last {states.span(diagnosis)}", 50)


def in_words(diagnosis: Diagnosis, rule: TierRule) -> str:
    """What the picture shows, for those who cannot see it."""
    line = curve(diagnosis, rule)
    if line is None:
        return title(diagnosis)
    first, last, peak = (texts.percent(rate) for rate in (line.rates[0], line.rates[-1], max(line.rates)))
    return f"{title(diagnosis)}: from {first} at {line.labels[0]} to {last} at {line.labels[-1]} UTC, peak {peak}"
