"""Which incidents are one: several ISPs that cross together, or that all refuse the same source IPs. Pure.

A group is a lead and its members. The lead's message shows them all; a member has none of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.alert_rules import AlertRules
from bot.core.diagnosis import Diagnosis
from bot.core.finding import Elsewhere, Kind
from bot.core.incident import Incident, IncidentState
from bot.core.tier import Tier

Route = Callable[[str, Tier], str]
"""ISP and tier -> where people hear of it: only what goes to the same channel is told as one."""


@dataclass(frozen=True, slots=True)
class Opening:
    """An incident that is about to open."""

    isp: str
    diagnosis: Diagnosis
    tier: Tier


@dataclass(frozen=True, slots=True)
class Cluster:
    """`openings` that are one, behind `lead` (where None the first of them leads). `joining`: open ones that have
    stood alone until now."""

    lead: Incident | None
    openings: tuple[Opening, ...]
    joining: tuple[Incident, ...] = ()


def clusters(
    openings: Sequence[Opening], standing: Sequence[Incident], rules: AlertRules, now: datetime, route_of: Route
) -> list[Cluster]:
    """Every opening in one cluster, the worst first. `standing`: the incidents that are not over."""
    by_route: dict[str, list[Opening]] = {}
    for opening in sorted(openings, key=lambda one: (-one.tier, one.isp)):
        by_route.setdefault(route_of(opening.isp, opening.tier), []).append(opening)
    found: list[Cluster] = []
    for route, here in by_route.items():
        others = [one for one in standing if route_of(one.isp, one.tier) == route]
        found += _together(here, others, rules, now) or _by_ip(here, others)
    return found


def _together(
    openings: Sequence[Opening], standing: Sequence[Incident], rules: AlertRules, now: datetime
) -> list[Cluster]:
    """One cluster where enough ISPs have crossed within a short time."""
    recent = [one for one in standing if now - one.opened_at <= rules.group_within]
    if len(openings) + len(recent) < rules.group_from:
        return []
    lead = next(iter(_heads(recent, standing)), None)
    joining = tuple(one for one in recent if one.lead is None and lead is not None and one.id != lead.id)
    return [Cluster(lead, tuple(openings), tuple(one for one in joining if not _leads(one, standing)))]


def _by_ip(openings: Sequence[Opening], standing: Sequence[Incident]) -> list[Cluster]:
    """Those that name the same source IPs, each with the first such; all others alone."""
    found: list[Cluster] = []
    for opening in openings:
        place = next((n for n, one in enumerate(found) if same_ips(one.openings[0].diagnosis, opening.diagnosis)), None)
        if place is not None:
            one = found[place]
            found[place] = Cluster(one.lead, (*one.openings, opening))
            continue
        mates = [one for one in standing if same_ips(one.diagnosis, opening.diagnosis)]
        found.append(Cluster(next(iter(_heads(mates, standing)), None), (opening,)))
    return found


def same_ips(one: Diagnosis, other: Diagnosis) -> bool:
    """True where the same source IPs carry the trouble at both: it is theirs, not an ISP's."""
    ours, theirs = _blamed(one), _blamed(other)
    return bool(ours) and 2 * len(ours & theirs) > max(len(ours), len(theirs))


def _blamed(diagnosis: Diagnosis) -> frozenset[str]:
    where = diagnosis.contrast
    if where is None or where.kind not in (Kind.IPS, Kind.NEW_IPS) or where.elsewhere is not Elsewhere.BAD:
        return frozenset()
    return frozenset(where.ips)


def _heads(found: Iterable[Incident], standing: Sequence[Incident]) -> list[Incident]:
    """The leads of those found, or themselves, the oldest first; a lead that is over leads no more."""
    by_id = {one.id: one for one in standing}
    heads = {one.id if one.lead is None else one.lead for one in found}
    return [by_id[number] for number in sorted(heads & by_id.keys())]


def _leads(incident: Incident, standing: Sequence[Incident]) -> bool:
    return any(one.lead == incident.id for one in standing)


def members_of(lead: Incident, incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    """Those behind `lead`: what is not over first, the worst of it at the front."""
    found = [one for one in incidents if one.lead == lead.id]
    return tuple(sorted(found, key=lambda one: (one.state is IncidentState.RESOLVED, -one.tier, one.id)))
