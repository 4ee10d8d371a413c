"""Where one cause sits: a few IPs, a VMTA, a campaign, a host, everything of ours, or nobody can tell. Pure.

The cube ISP x source IP x VMTA x host x campaign is looked at from each side; the side that explains most wins. Where
two sides are the same mail under two names, what the replies blame decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.core.blame import Blamed
from bot.core.carriers import CLEARLY, MIN_ATTEMPTS
from bot.core.category import Category
from bot.core.causes import ENOUGH, Key, hits, tries
from bot.core.contrast_words import even_words, split_words
from bot.core.finding import Cause, Contrast, Elsewhere, Kind, Part
from bot.core.model import Tally
from bot.core.stand_out import Breakdown, Split, break_down, clearly_worse, pooled

CLEAN = 0.05
"""Below this rate mail counts as clean at another ISP: the response protocol's lowest floor."""
GAP = 0.10
"""So much worse than our other IPs an IP must do at another ISP before it counts as bad there."""
COMPARABLE = 50
"""Attempts at another ISP from which a comparison means something."""
AS_GOOD = 0.8
"""A side that explains this part of what the best one does is the same mail under another name."""
MOSTLY = 0.5
"""Where campaigns are known without their replies the cause must be this part of all replies there."""
COVERED = 0.8
"""Campaign counts must hold this part of the mail."""
UNJUDGED = 0.1
"""This part of a cause's replies may stand on IPs with too little mail to be judged."""
NEW_BELOW = 10
"""An IP is new whose earlier mail is less than so many times that of this window."""

_IPS, _VMTAS, _HOSTS, _CAMPAIGNS = Kind.IPS, Kind.VMTAS, Kind.HOSTS, Kind.CAMPAIGNS
_OF_THE_IP = {Category.REPUTATION_IP, Category.BLOCKLIST}
_OF_THE_MESSAGE = {Category.CONTENT_SPAM, Category.SPAM_COMPLAINTS, Category.REPUTATION_DOMAIN, Category.AUTHENTICATION}
_OF_THE_HOST = {Category.DNS_FAILURE, Category.TLS, Category.PROTOCOL_ERROR, Category.NETWORK}


@dataclass(frozen=True, slots=True)
class Around:
    """What is known beside the ISP's own cells; what is not known is left empty.

    `campaigns`: by name (`core.campaigns`), with replies of all causes, or only of the one in question (`by_cause`).
    `elsewhere`: (source IP, other ISP's title) -> counts in the same window. `earlier`: source IP -> attempts at this
    ISP in the days before, None where fewer than two days are known.
    """

    campaigns: Mapping[str, Part] = field(default_factory=dict)
    elsewhere: Mapping[tuple[str, str], Tally] = field(default_factory=dict)
    earlier: Mapping[str, int] | None = None
    by_cause: bool = False


def contrast(cells: Mapping[Key, Tally], cause: Cause, around: Around) -> Contrast:
    """Where `cause` sits in the mail that `cells` count, and how the same IPs do elsewhere."""
    if cause.count < ENOUGH:
        return _untold(f"only {cause.count} {'reply' if cause.count == 1 else 'replies'} of this cause")
    sides = {
        _IPS: break_down(_rows(cells, 1, cause.templates)),
        _VMTAS: break_down(_rows(cells, 2, cause.templates)),
        _HOSTS: break_down(_rows(cells, 0, cause.templates)),
        _CAMPAIGNS: break_down(_job_rows(cells, cause, around)),
    }
    kind = _best(sides, cause)
    if kind is None and (job := _may_be_behind(around, cause)):
        return _untold(f"campaign {job} may be behind it, and what campaigns were answered is not known")
    if kind is None:
        return _everywhere(sides, cause, around)
    split = sides[kind].split
    wide = kind in (_VMTAS, _HOSTS)
    if split is None or (wide and not _alike_inside(sides[_IPS], _behind(cells, kind, split)[0])):
        return _untold("too little mail on each IP to tell one from another")
    return _narrow(kind, split, cells, sides, around, cause)


def _untold(reason: str) -> Contrast:
    return Contrast(Kind.CANNOT_TELL, reason=reason, evidence=(f"cannot tell where it sits: {reason}",))


def _rows(cells: Mapping[Key, Tally], place: int, templates: Collection[str]) -> dict[str, Part]:
    told = set(templates)
    rows: dict[str, Part] = {}
    for key, tally in cells.items():
        row = rows.get(key[place], Part(key[place], 0, 0))
        found = hits(tally) if key[3] in told else 0
        rows[key[place]] = Part(row.key, row.hits + found, row.tries + tries(tally))
    return rows


def _job_rows(cells: Mapping[Key, Tally], cause: Cause, around: Around) -> dict[str, Part]:
    """Campaigns; none where what is known of them would say too little of this cause."""
    whole = pooled([Part("", hits(tally), tries(tally)) for tally in cells.values()])
    rows = around.campaigns
    told = around.by_cause or cause.count >= MOSTLY * whole.hits
    return dict(rows) if told and pooled(list(rows.values())).tries >= COVERED * whole.tries else {}


def _may_be_behind(around: Around, cause: Cause) -> str:
    """The campaign whose replies beyond what the others get are about as many as those of the cause; "" for none."""
    rows = {} if around.by_cause else around.campaigns
    worst = max(rows.values(), key=lambda row: (row.rate, row.key), default=None)
    if worst is None or len(rows) < 2:
        return ""
    rest = pooled([row for row in rows.values() if row.key != worst.key])
    beyond = worst.hits - worst.tries * rest.rate
    return worst.key if cause.count / 2 <= beyond <= 2 * cause.count and clearly_worse(worst, rest, len(rows)) else ""


def _best(sides: Mapping[Kind, Breakdown], cause: Cause) -> Kind | None:
    """The side that explains most; among equals the one the cause is about."""
    gains = {kind: side.split.gain for kind, side in sides.items() if side.split}
    if not gains:
        return None
    best = max(gains.values())
    equal = [kind for kind, gain in gains.items() if gain >= AS_GOOD * best]
    order = _order(cause, {kind: len(split.parts) for kind in equal if (split := sides[kind].split)})
    return min(equal, key=order.index)


def _order(cause: Cause, names: Mapping[Kind, int]) -> list[Kind]:
    category = cause.category
    of_the_ip = cause.blamed in (Blamed.IP, Blamed.NETBLOCK)
    if category in _OF_THE_IP or (category in _OF_THE_MESSAGE and of_the_ip):
        return [_IPS, _VMTAS, _HOSTS, _CAMPAIGNS]
    if category in _OF_THE_MESSAGE:
        return [_CAMPAIGNS, _VMTAS, _IPS, _HOSTS]
    if category in _OF_THE_HOST:
        return [_HOSTS, _VMTAS, _IPS, _CAMPAIGNS]
    return sorted((_IPS, _VMTAS, _HOSTS, _CAMPAIGNS), key=lambda kind: names.get(kind, 0))


def _alike_inside(ips: Breakdown, behind: Collection[str]) -> bool:
    """A wide name may only be blamed where none of its IPs stands out, and enough is known of each to say so."""
    inside = {ip: ips.rows[ip] for ip in behind if ip in ips.rows}
    unjudged = sum(row.hits for row in inside.values() if row.tries < MIN_ATTEMPTS)
    found = break_down(inside)
    return unjudged <= UNJUDGED * pooled(list(inside.values())).hits and not found.split and not found.hinted


def _behind(cells: Mapping[Key, Tally], kind: Kind, split: Split) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The source IPs and VMTAs that send what the parts stand for."""
    place = {Kind.HOSTS: 0, Kind.IPS: 1, Kind.NEW_IPS: 1, Kind.VMTAS: 2}.get(kind)
    if place is None:
        return (), ()
    names = {part.key for part in split.parts}
    own = [key for key, tally in cells.items() if key[place] in names and tries(tally)]
    return tuple(sorted({key[1] for key in own} - {""})), tuple(sorted({key[2] for key in own} - {""}))


def _narrow(
    kind: Kind,
    split: Split,
    cells: Mapping[Key, Tally],
    sides: Mapping[Kind, Breakdown],
    around: Around,
    cause: Cause,
) -> Contrast:
    ips, vmtas = _behind(cells, kind, split)
    if kind is Kind.IPS and cause.category is not Category.BLOCKLIST and _are_new(split, sides[Kind.IPS], around):
        kind = Kind.NEW_IPS
    bad, clean = _compared(ips, around.elsewhere)
    found = Contrast(
        kind=kind,
        parts=split.parts,
        of=split.of,
        share=split.share,
        ips=ips,
        vmtas=vmtas,
        elsewhere=_told(bad, clean),
        bad_at=tuple(name for name, *_ in bad),
        clean_at=() if bad else clean,
    )
    return replace(found, evidence=tuple(split_words(found, split, bad, [*_same_mail(kind, sides)])))


def _same_mail(kind: Kind, sides: Mapping[Kind, Breakdown]) -> Iterable[tuple[Kind, str]]:
    """Other single names that the same mail goes by."""
    own = sides[Kind.IPS if kind is Kind.NEW_IPS else kind].split
    for other, side in sides.items():
        alias = side.split
        if own and alias and alias is not own and len(alias.parts) == 1 and alias.gain >= AS_GOOD * own.gain:
            yield other, alias.parts[0].key


def _are_new(split: Split, ips: Breakdown, around: Around) -> bool:
    """True where they have hardly sent before, most others like them are affected too, and older IPs are not."""
    if around.earlier is None:
        return False
    earlier = around.earlier
    judged = [row for row in ips.rows.values() if row.tries >= MIN_ATTEMPTS]
    new = {row.key for row in judged if earlier.get(row.key, 0) < NEW_BELOW * row.tries}
    carrying = {part.key for part in split.parts}
    return carrying <= new and len(new) < len(judged) and 2 * len(new) <= 3 * len(carrying)


def _compared(
    ips: Collection[str], elsewhere: Mapping[tuple[str, str], Tally]
) -> tuple[list[tuple[str, float, int]], tuple[str, ...]]:
    """Where these IPs are deferred clearly more than our others too (title, rate, how many of them send there), and
    where all of them are clean."""
    at: dict[str, list[Part]] = {}
    for (ip, title), tally in elsewhere.items():
        at.setdefault(title, []).append(Part(ip, hits(tally), tries(tally)))
    bad, clean = [], []
    for title, rows in sorted(at.items()):
        own = [row for row in rows if row.key in ips and row.tries >= MIN_ATTEMPTS]
        held, rest = pooled(own), pooled([row for row in rows if row.key not in ips])
        if held.tries < COMPARABLE:
            continue
        if _bad(held, rest, len(at)):
            bad.append((title, held.rate, len(own)))
        elif {row.key for row in own} == set(ips) and not _worse(held, rest):
            clean.append(title)
    return sorted(bad, key=lambda found: (-found[1], found[0])), tuple(clean)


def _bad(held: Part, rest: Part, isps: int) -> bool:
    if held.rate < CLEAN:
        return False
    if rest.tries < COMPARABLE:
        return held.rate >= 3 * CLEAN
    gap = held.rate - rest.rate
    return gap >= GAP and held.rate >= CLEARLY * rest.rate and clearly_worse(held, rest, isps)


def _worse(held: Part, rest: Part) -> bool:
    """Neither clean nor no worse than our other IPs."""
    return held.rate >= CLEAN and (rest.tries < COMPARABLE or held.rate >= CLEARLY * rest.rate)


def _told(bad: Sequence[object], clean: Sequence[object]) -> Elsewhere:
    return Elsewhere.BAD if bad else Elsewhere.CLEAN if clean else Elsewhere.UNKNOWN


def _everywhere(sides: Mapping[Kind, Breakdown], cause: Cause, around: Around) -> Contrast:
    """No side stands out: it is everywhere, or there is too little to say so."""
    ips = sides[Kind.IPS]
    if len(ips.rows) < 2:
        return _untold("only one IP sends there" if ips.rows else "the source IPs are not known")
    if any(side.hinted for side in sides.values()):
        return _untold(f"some look worse, but {cause.count} replies are too few to be sure")
    if not ips.even:
        few = ips.judged < 2 or cause.count < 5 * len(ips.rows)
        return _untold(
            f"{cause.count} replies on {len(ips.rows)} IPs are too few to compare them"
            if few
            else f"the {len(ips.rows)} IPs differ, and none clearly stands out"
        )
    here = pooled(list(ips.rows.values()))
    bad, clean = _others(here, around.elsewhere, cause)
    many = len(bad) >= len(clean) or (len(bad) > 1 and len(bad) >= len(clean) / 3)
    told = Elsewhere.BAD if bad and many else _told((), clean)
    found = Contrast(
        kind=Kind.ALL,
        of=len(ips.rows),
        share=1.0,
        ips=tuple(sorted(ips.rows)),
        elsewhere=told,
        bad_at=tuple(name for name, _ in bad),
        clean_at=tuple(clean),
    )
    return replace(found, evidence=tuple(even_words(found, here, bad)))


def _others(
    here: Part, elsewhere: Mapping[tuple[str, str], Tally], cause: Cause
) -> tuple[list[tuple[str, float]], list[str]]:
    """Other ISPs at which all our mail together fares about as badly, and those at which it does not. Where mail is
    deferred here only deferrals count as bad: dead addresses bounce everywhere."""
    sums: dict[str, Tally] = {}
    for (_, title), tally in sorted(elsewhere.items()):
        sums[title] = sums.get(title, Tally()) + tally
    limit, bad, clean = max(CLEAN, here.rate / 3), [], []
    for title, tally in sums.items():
        if tries(tally) < COMPARABLE:
            continue
        alike = (tally.deferred if cause.deferred > cause.bounced else hits(tally)) / tries(tally)
        if alike >= limit:
            bad.append((title, alike))
        elif hits(tally) / tries(tally) < limit:
            clean.append(title)
    return sorted(bad, key=lambda found: (-found[1], found[0])), sorted(clean)
