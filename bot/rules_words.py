"""What `deferbot rules` prints. The far end's words are shown in ASCII: nothing of theirs reaches a terminal raw."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from bot.core.answers import HOUR
from bot.core.classify import Rule
from bot.core.isp import IspCatalog
from bot.core.proposal import Proposal
from bot.core.unknown import Cluster, Unknown
from bot.services.adopt import Adopted

ISPS = 3
WIDTH = 200


def unknown_text(unknown: Unknown, proposals: Sequence[Proposal], isps: IspCatalog) -> str:
    """A head, then a few lines for each proposal."""
    return "\n".join((_head(unknown), *(line for proposal in proposals for line in _lines(proposal, unknown, isps))))


def unknown_json(unknown: Unknown, proposals: Sequence[Proposal]) -> str:
    """A JSON list in the order of the proposals, ASCII."""
    return json.dumps([_as_json(proposal, unknown) for proposal in proposals], indent=2)


def adopted_text(adopted: Adopted) -> str:
    lines = [
        f"{adopted.file}: {', '.join(adopted.rules)} now decide{'s' if len(adopted.rules) == 1 else ''} these replies."
    ]
    if adopted.covered:
        lines.append(f"Left out, as another of these rules takes their replies: {', '.join(adopted.covered)}.")
    return "\n".join((*lines, "A bot that runs with this configuration takes the file within a minute."))


def unused_text(rules: Sequence[Rule], total: int, replies: int, days: int) -> str:
    head = f"{len(rules)} of {total} rules decided none of the {replies:,} stored replies of the last {days} days."
    lines = [
        f"{provider}: {', '.join(rule.id.partition('/')[2] for rule in own)}"
        for provider, own in groupby(sorted(rules, key=lambda rule: rule.provider), key=lambda rule: rule.provider)
    ]
    return "\n".join((head, *lines))


def unused_json(rules: Sequence[Rule]) -> str:
    return json.dumps([{"rule": rule.id, "category": rule.category.value, "pattern": rule.pattern} for rule in rules])


def _head(unknown: Unknown) -> str:
    span = f"{unknown.window.length // HOUR} h"
    if not unknown.clusters:
        return f"All {unknown.replies:,} replies of the last {span} are understood."
    kinds, share = len(unknown.clusters), _share(unknown.count, unknown)
    kept = f"; {unknown.not_kept:,} more were not kept apart" if unknown.not_kept else ""
    return (
        f"{unknown.count:,} of {unknown.replies:,} replies of the last {span} ({share}) are not understood: "
        f"{kinds} kind{'s' if kinds > 1 else ''}{kept}."
    )


def _lines(proposal: Proposal, unknown: Unknown, isps: IspCatalog) -> Iterator[str]:
    cluster = proposal.cluster
    first = cluster.members[0]
    yield ""
    yield (
        f"{cluster.id}  {cluster.count:,} ({_share(cluster.count, unknown)}) · {_from(cluster, isps)} · "
        f"decided by {first.why.value}"
    )
    for sample in proposal.samples:
        yield f"  > {plain(sample)}"
    if not proposal.pattern:
        yield "  no words of their own in common: no rule can be proposed"
        return
    yield f"  rule for {proposal.provider}: {plain(proposal.pattern)}"
    if proposal.also:
        others = ", ".join(other.id for other in proposal.also[:ISPS])
        yield f"  it takes these too: {others}{_more(len(proposal.also))}"
    yield f"  category to be chosen; by code and status it is {first.guess.value}"


def _from(cluster: Cluster, isps: IspCatalog) -> str:
    """ "Gmail 800, Yahoo 12 and 3 more"."""
    names = [f"{plain(isps.title(isp))} {count:,}" for isp, count in cluster.isps.items()]
    return ", ".join(names[:ISPS]) + _more(len(names))


def _more(number: int) -> str:
    return f" and {number - ISPS} more" if number > ISPS else ""


def _as_json(proposal: Proposal, unknown: Unknown) -> dict[str, object]:
    cluster = proposal.cluster
    first = cluster.members[0]
    return {
        "id": cluster.id,
        "count": cluster.count,
        "share": round(cluster.count / unknown.replies, 6) if unknown.replies else 0.0,
        "isps": cluster.isps,
        "decided_by": first.why.value,
        "provider": proposal.provider,
        "pattern": proposal.pattern,
        "takes_too": [other.id for other in proposal.also],
        "category": None,
        "category_by_code": first.guess.value,
        "samples": list(proposal.samples),
    }


def _share(count: int, unknown: Unknown) -> str:
    value = 100 * count / unknown.replies if unknown.replies else 0.0
    return f"{value:.1f} %" if value >= 0.1 or not value else "under 0.1 %"


def plain(text: str) -> str:
    """One line of ASCII, cut at `WIDTH`."""
    shown = text.replace("…", "...").encode("ascii", "backslashreplace").decode()
    safe = "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in shown)
    return safe if len(safe) <= WIDTH else safe[: WIDTH - 3] + "..."
