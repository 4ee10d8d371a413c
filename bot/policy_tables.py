"""Policies and what a simulation found, as tables and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.core.durations import duration_words
from bot.core.isp import IspCatalog
from bot.core.policy import Kind, Policies, Policy, Sort, waits_text
from bot.policy_simulation import Applied, Outcome, Simulation

MOST_ISPS = 20
MOST_REPLIES = 5
ESTIMATE = (
    "An estimate: what was sent while a policy waits is taken as held, and what would have come instead is not known."
)


def policy_table(policy: Policy, isps: Sequence[str]) -> RenderableType:
    """One policy, in the order it is asked."""
    held = ", ".join(isps) if isps else "every ISP without a policy of its own"
    table = _table(f"Policy {policy.name}: {held}", "match", "waits", "why", "from")
    for entry in policy.entries():
        kind = "reply" if entry.kind.sort is Sort.UNIVERSAL else entry.kind.sort.value
        waits = "ignored" if entry.kind.sort is Sort.TRANSIENT else waits_text(entry.waits)
        table.add_row(*(Text(cell) for cell in (kind, entry.match, waits, entry.why, entry.origin)))
    return table


def policy_json(policies: Policies, names: Sequence[str]) -> str:
    """The named policies as a JSON list; waits in seconds."""
    return json.dumps([_as_json(policies.named(name), policies.isps_of(name)) for name in names], indent=2)


def _as_json(policy: Policy, isps: Sequence[str]) -> dict[str, object]:
    return {
        "policy": policy.name,
        "isps": list(isps),
        "why": policy.why,
        "entries": [
            {
                "kind": entry.kind.sort.value,
                "match": entry.match,
                "waits_s": list(entry.waits),
                "why": entry.why,
                "from": entry.origin,
            }
            for entry in policy.entries()
        ],
    }


def simulation_tables(found: Simulation, isps: IspCatalog) -> RenderableType:
    """ISPs, most waiting first; then what each of them met, and the replies that nothing special takes."""
    shown = [each for each in found.outcomes if each.waits or each.transient][:MOST_ISPS]
    parts: list[RenderableType] = [_overview(found, shown, isps)]
    parts += [_details(each, isps.title(each.isp)) for each in shown]
    return Group(*parts, *(Text(note) for note in notes(found, len(shown))))


def comparison_table(found: Simulation, other: Simulation, isps: IspCatalog) -> RenderableType:
    """Two policies on the same mail side by side; the first one's figure, then the other's."""
    others = {each.isp: each for each in other.outcomes}
    shown = [(each, others[each.isp]) for each in found.outcomes if each.waits or others[each.isp].waits]
    table = Table(title=_title(found), title_justify="left", box=None, pad_edge=False)
    table.add_column("ISP")
    for name in ("attempts", "without transient", "waits", "waiting in all", "held", "of them deferred"):
        table.add_column(name, justify="right")
        if name != "attempts":
            table.add_column("against", justify="right")
    for pair in shown[:MOST_ISPS]:
        cells = zip(*(_figures(each) for each in pair), strict=True)
        table.add_row(
            Text(isps.title(pair[0].isp)), f"{pair[0].attempts:,}", *(cell for both in cells for cell in both)
        )
    return Group(table, *(Text(note) for note in notes(found, len(shown[:MOST_ISPS]))))


def _figures(each: Outcome) -> tuple[str, ...]:
    """What two policies are compared by."""
    return (
        _percent(each.rate_without_transient),
        f"{each.waits:,}",
        _span(each.waited_s),
        f"{each.held:,} ({_percent(each.held / each.attempts) if each.attempts else '–'})",
        f"{each.held_deferred:,}",
    )


def _overview(found: Simulation, shown: Sequence[Outcome], isps: IspCatalog) -> Table:
    table = Table(title=_title(found), title_justify="left", box=None, pad_edge=False)
    table.add_column("ISP")
    table.add_column("policy")
    for name in (
        "attempts",
        "rate",
        "without transient",
        "keys",
        "waits",
        "waiting in all",
        "held",
        "of them deferred",
    ):
        table.add_column(name, justify="right")
    for each in shown:
        without, waits, waiting, held, deferred = _figures(each)
        attempts, keys = f"{each.attempts:,}", f"{each.keys:,}"
        cells = (attempts, _percent(each.rate), without, keys, waits, waiting, held, deferred)
        table.add_row(Text(isps.title(each.isp)), each.policy.name, *cells)
    return table


def _details(outcome: Outcome, title: str) -> RenderableType:
    table = _table(f"\n{title}", "match", "list", "records", "waits set", "waiting in all")
    for entry in outcome.policy.entries():
        applied = outcome.applied.get(entry.kind, Applied())
        ignored = entry.kind.sort is Sort.TRANSIENT
        table.add_row(
            Text("reply" if entry.kind.sort is Sort.UNIVERSAL else entry.kind.sort.value),
            Text(entry.match),
            Text("ignored" if ignored else waits_text(entry.waits)),
            f"{applied.records:,}" if entry.kind.sort is not Sort.VOLUME else "–",
            "–" if ignored else f"{applied.waits:,}",
            "–" if ignored else _span(applied.waited_s),
        )
    lines = [Text(f"{n:>10,}  {reply}") for reply, n in _most(outcome)]
    return Group(table, Text("Most frequent replies that match nothing above:"), *lines) if lines else table


def notes(found: Simulation, shown: int) -> Iterator[str]:
    """What has to be known to read the tables."""
    yield ""
    if shown < len(found.outcomes):
        more = len(found.outcomes) - shown
        plural = "s" if more > 1 else ""
        yield f"{more:,} more ISP{plural} not shown, with fewer or no waits: --isp NAME shows one, --json all."
    for reason, times in sorted(found.left_out.items(), key=lambda item: -item[1]):
        yield f"{times:,} of {found.records:,} records left out: {reason}."
    yield ESTIMATE


def simulation_json(found: Simulation) -> str:
    """Every ISP as a JSON list; rates in [0, 1], waits in seconds."""
    return json.dumps([_outcome_json(each) for each in found.outcomes], indent=2, ensure_ascii=False)


def comparison_json(found: Simulation, other: Simulation) -> str:
    """`policy` and `against`, each as `simulation_json` has it."""
    both = {"policy": found.outcomes, "against": other.outcomes}
    listed = {name: [_outcome_json(each) for each in outcomes] for name, outcomes in both.items()}
    return json.dumps(listed, indent=2, ensure_ascii=False)


def _outcome_json(each: Outcome) -> dict[str, object]:
    return {
        "isp": each.isp,
        "policy": each.policy.name,
        "keys": each.keys,
        "attempts": each.attempts,
        "delivered": each.delivered,
        "deferred": each.deferred,
        "bounced": each.bounced,
        "transient": each.transient,
        "rate": each.rate,
        "rate_without_transient": each.rate_without_transient,
        "waits": each.waits,
        "waited_s": each.waited_s,
        "held_delivered": each.held_delivered,
        "held_deferred": each.held_deferred,
        "entries": [_applied_json(each, entry.kind, entry.match) for entry in each.policy.entries()],
        "unmatched": [{"reply": reply, "deferred": n} for reply, n in _most(each)],
    }


def _applied_json(outcome: Outcome, kind: Kind, match: str) -> dict[str, object]:
    applied = outcome.applied.get(kind, Applied())
    return {
        "kind": kind.sort.value,
        "match": match,
        "records": applied.records,
        "waits": applied.waits,
        "waited_s": applied.waited_s,
    }


def _most(outcome: Outcome) -> list[tuple[str, int]]:
    return sorted(outcome.unmatched.items(), key=lambda item: (-item[1], item[0]))[:MOST_REPLIES]


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("what")
    for name in columns:
        table.add_column(
            name, overflow="fold", justify="right" if name in ("records", "waits set", "waiting in all") else "left"
        )
    return table


def _title(found: Simulation) -> str:
    if not found.last:
        return "No record could be counted"
    first, last = (f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}" for at in (found.first, found.last))
    return f"What the policy would have done, {first} to {last} UTC"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %" if share < 0.1 else f"{share * 100:.0f} %"


def _span(seconds: int) -> str:
    return duration_words(timedelta(seconds=seconds)) if seconds else "–"
