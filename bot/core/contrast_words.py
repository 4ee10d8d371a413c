"""The contrast in plain sentences, strongest first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.core.finding import Contrast, Elsewhere, Kind, Part
from bot.core.stand_out import Split
from bot.core.wilson import wilson

NAMED = 3
"""Names told in one sentence."""

_NOUNS = {
    Kind.IPS: ("IP", "IPs"),
    Kind.NEW_IPS: ("IP", "IPs"),
    Kind.VMTAS: ("VMTA", "VMTAs"),
    Kind.CAMPAIGNS: ("campaign", "campaigns"),
    Kind.HOSTS: ("host", "hosts"),
}


def split_words(
    found: Contrast, split: Split, bad: Sequence[tuple[str, float, int]], same: Sequence[tuple[Kind, str]]
) -> Iterable[str]:
    """What carries it, how the rest does, what else that mail is called, and how it does at other ISPs."""
    n = len(found.parts)
    noun = _NOUNS[found.kind][found.of != 1]
    name = f" ({listed(found.keys)})" if found.kind not in (Kind.IPS, Kind.NEW_IPS) else ""
    who = f"{n} of {found.of} {noun}{name}"
    yield f"{who} {'carries' if n == 1 else 'carry'} {found.share:.0%} of these replies{_bounds(split)}"
    if found.kind is Kind.NEW_IPS:
        yield f"{'it has' if n == 1 else 'they have'} hardly sent before; the older IPs are not affected: a warm-up"
    yield from _elsewhere(found, bad)
    if same:
        yield f"that is all mail of {' and of '.join(f'{_NOUNS[kind][0]} {key}' for kind, key in same[:2])}"
    whose = "its" if n == 1 else "their"
    yield f"{split.held.rate:.0%} of {whose} attempts get such a reply, {_rate(split.rest)} of the others"


def even_words(found: Contrast, here: Part, bad: Sequence[tuple[str, float]]) -> Iterable[str]:
    """That all are alike, and whether it is this ISP alone."""
    yield f"all {found.of} IPs are deferred alike: not one IP's own standing"
    if found.elsewhere is Elsewhere.CLEAN:
        yield f"the same IPs are clean at {listed(found.clean_at)}: it is about this ISP"
    elif found.elsewhere is Elsewhere.BAD:
        rates = ", ".join(f"{title} {rate:.0%}" for title, rate in bad[:NAMED])
        yield f"other ISPs defer them too ({rates}; here {here.rate:.0%}): look on our side first"


def _elsewhere(found: Contrast, bad: Sequence[tuple[str, float, int]]) -> Iterable[str]:
    one = len(found.ips) == 1
    if bad:
        rates = ", ".join(f"{title} {rate:.0%}" for title, rate, _ in bad[:NAMED])
        sending = max(n for _, _, n in bad)
        who = "the same IP is" if one else "the same IPs are"
        if sending < len(found.ips):
            who = f"{sending} of them {'is' if sending == 1 else 'are'}"
        yield f"{who} deferred elsewhere too: {rates}"
    elif found.clean_at:
        yield f"the same {'IP is' if one else 'IPs are'} clean at {listed(found.clean_at)}"


def _bounds(split: Split) -> str:
    bounds = wilson(split.held.hits, split.held.hits + split.rest.hits)
    return f" (surely {bounds.low:.0%} to {bounds.high:.0%})" if bounds.wide else ""


def _rate(part: Part) -> str:
    if part.rate < 0.001:
        return "under 0.1%" if part.hits else "none"
    return f"{part.rate:.1%}" if part.rate < 0.1 else f"{part.rate:.0%}"


def listed(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b, c and 4 more"; "" for none."""
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
