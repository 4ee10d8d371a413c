"""Whatever the fleet, every message stays under Slack's limits and says how much it left out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.answers import HostReport
from bot.core.breakdown import Answered, Of, Sources, There
from bot.core.change import ChangeState
from bot.core.diagnosis import (
    Considered,
    Diagnosis,
    HostLine,
    Offer,
    OverviewLine,
    Page,
    QueueTrend,
    ReplyLine,
    Share,
    Span,
    Untold,
)
from bot.core.finding import Causes
from bot.core.incident import IncidentState
from bot.core.model import BadRows, HostFacts, HostHealth, QueueState, Recipients, Tally, Window
from bot.core.tier import Tier, TierRule
from bot.slack.messages import chart, limits, preview
from bot.slack.messages.campaigns import campaigns_message
from bot.slack.messages.diagnosis import diagnosis_message
from bot.slack.messages.history import history_message
from bot.slack.messages.home import home_view
from bot.slack.messages.hosts import hosts_message
from bot.slack.messages.incident import incident_message
from bot.slack.messages.message import Message
from bot.slack.messages.overview import overview_message
from bot.slack.messages.pages import page_of
from bot.slack.messages.places import place_message
from bot.slack.messages.queues import queues_message
from bot.slack.messages.replies import replies_message
from bot.slack.messages.sources import sources_message
from bot.slack.messages.table import plainer
from bot.slack.words import PAGES, Asked, Topic
from tests import breakdowns as views
from tests.answers import campaigns, history
from tests.breakdowns import place, sources
from tests.diagnoses import NOW, causes, change, diagnosis, incident, overview, plan, reply, series, step, tally

names = st.text(min_size=1, max_size=300)
counts = st.builds(lambda a, d: tally(a + d, d), st.integers(0, 10**9), st.integers(0, 10**9))
shares = st.builds(Share, names, counts)
queues = st.builds(
    lambda vmta, n, paused, mode: QueueState("mta1", f"gmail.com/{vmta}", n, 1, paused=paused, mode=mode),
    names,
    st.integers(0, 10**9),
    st.booleans(),
    st.sampled_from(["normal", "backoff"]),
)
replies = st.builds(
    lambda text, n, code, meaning: reply(text, count=n, code=code, meaning=meaning, check=meaning),
    st.text(max_size=2000),
    st.integers(0, 10**9),
    st.sampled_from(["", "421 4.7.0"]),
    st.text(max_size=500),
)
offers = st.builds(Offer, st.text("ab-", min_size=1, max_size=200), names, names, st.booleans())


addresses = st.sampled_from(["https://support.example/" + "x" * 280, "javascript:alert(1)", "http://plain.example/"])


@st.composite
def diagnoses(draw: st.DrawFn) -> Diagnosis:
    """From nothing to 200 IPs, 300 VMTAs, 500 campaigns, all with long names."""
    pool = draw(st.lists(shares, max_size=4))

    def many(most: int) -> tuple[Share, ...]:
        size = draw(st.integers(0, most))
        return tuple(replace(pool[n % len(pool)], key=f"{n}{pool[n % len(pool)].key}") for n in range(size) if pool)

    return diagnosis(
        title=draw(names),
        ips=many(200),
        vmtas=many(300),
        jobs=many(500),
        queues=tuple(draw(st.lists(queues, max_size=5))) * 60,
        replies=tuple(draw(st.lists(replies, max_size=12))),
        evidence=tuple(draw(st.lists(st.text(max_size=600), max_size=12))),
        advice=draw(st.text(max_size=3000)),
        offers=tuple(draw(st.lists(offers, max_size=9))),
        hosts=tuple(HostLine(f"mta{n}", 3.0, "x" * 900 if n % 2 else "") for n in range(draw(st.integers(0, 60)))),
        now=draw(counts),
        spans=tuple(Span(timedelta(minutes=n), draw(counts)) for n in (5, 60, 1440)),
        recipients=Recipients(Window.ending(NOW, timedelta(hours=1)), draw(st.integers(0, 10**9)), draw(counts)),
        hosted=draw(counts),
        waiting=QueueTrend("", "", *draw(st.tuples(*[st.integers(0, 10**9)] * 3))),
        untold=tuple(
            Untold(column, draw(counts), tuple(f"mta{n}" * 40 for n in range(500))) for column in ("vmta", "x")
        ),
        tier=draw(st.sampled_from(Tier)),
        causes=draw(st.sampled_from([Causes(), causes(), causes(draw(st.text(max_size=600)))])),
        considered=tuple(draw(st.lists(st.builds(Considered, names, names, st.text(max_size=900)), max_size=6))),
        check=tuple(draw(st.lists(st.text(max_size=900), max_size=12))),
        pages=tuple(draw(st.lists(st.builds(Page, names, addresses), max_size=9))),
    )


@settings(max_examples=60)
@given(diagnoses())
def test_any_diagnosis_fits(found: Diagnosis) -> None:
    shown = diagnosis_message(found, incident(diagnosis=found))
    assert limits.check_message(shown) == []
    assert limits.check_message(plainer(shown)) == []


@settings(max_examples=60)
@given(diagnoses(), st.integers(0, 12), st.sampled_from(IncidentState))
def test_any_alert_fits(found: Diagnosis, changes: int, state: IncidentState) -> None:
    long = plan(title="t" * 400)
    done = [change(ChangeState.APPLIED, id=n, plan=long) for n in range(changes)]
    shown = incident_message(incident(state, diagnosis=found), done, now=NOW, chart=chart.native(found, TierRule()))
    assert limits.check_message(shown) == []


@given(st.integers(0, 400), st.integers(0, 80))
def test_any_overview_fits(isps: int, hosts: int) -> None:
    line = overview().lines[0]
    lines = tuple(replace(line, isp=f"isp{n}", title="t" * 300) for n in range(isps))
    shown = overview_message(overview(lines=lines, hosts=tuple(HostLine(f"h{n}", None, "no") for n in range(hosts))))
    assert limits.check_message(shown) == []


reports = st.builds(
    lambda name, trouble, warning, bad: HostReport(
        HostLine(name, 3.0, trouble, warning=warning),
        HostHealth(name, NOW, facts=HostFacts(columns=("timeLogged",), bad=tuple(bad), utc_offset_s=-19_800, skew_s=9)),
        9,
        10**9,
    ),
    names,
    st.sampled_from(["", "no data for 6 min: " + "x" * 500]),
    st.sampled_from(["", "y" * 900]),
    st.lists(st.builds(BadRows, names, st.integers(1, 10**9), st.text(max_size=400)), max_size=6),
)


@settings(max_examples=60)
@given(st.lists(reports, max_size=6), st.integers(1, 120), st.sampled_from(["", "a", "<!here>"]))
def test_any_fleet_fits_and_what_is_left_out_is_counted(found: list[HostReport], times: int, asked: str) -> None:
    shown = hosts_message(found * times, at=NOW, asked=asked)
    assert limits.check_message(shown) == []
    chosen = sum(asked in report.line.host.lower() for report in found * times)
    left = re.search(r"…and ([\d,]+) more hosts?\. ", text_of(shown))
    lines = sum(block["text"]["text"].count(" data 3 s old · ") for block in shown.blocks if block["type"] == "section")
    assert lines + (int(left[1].replace(",", "")) if left else 0) == chosen


@given(st.lists(shares, max_size=4), st.integers(0, 500), counts)
def test_any_campaigns_fit(found: list[Share], times: int, whole: Tally) -> None:
    jobs = tuple(replace(share, key=f"{n}{share.key}" * 9) for n in range(times) for share in found)[:500]
    shown = campaigns_message(campaigns(jobs=jobs, whole=whole, title="t" * 300), Asked(Topic.CAMPAIGNS, "t" * 255))
    assert limits.check_message(shown) == []
    assert limits.check_message(plainer(shown)) == []


AT_ISPS = (Topic.IPS, Topic.VMTAS, Topic.REPLIES, Topic.QUEUES)


@settings(max_examples=40)
@given(st.sampled_from(AT_ISPS), st.integers(0, 2_000), st.integers(1, PAGES), names, replies)
def test_any_page_of_an_isps_view_fits(topic: Topic, count: int, page: int, name: str, told: ReplyLine) -> None:
    asked = Asked(topic, "x" * 255, page=page)
    hosts = tuple(HostLine(f"h{n}", None, "x" * 300) for n in range(60))
    of = Of.VMTA if topic is Topic.VMTAS else Of.IP
    shown = {
        Topic.IPS: lambda: sources_message(long_names(sources(count, title=name, hosts=hosts), name, told), asked),
        Topic.VMTAS: lambda: sources_message(
            long_names(sources(count, of=of, title=name, hosts=hosts), name, told), asked
        ),
        Topic.REPLIES: lambda: replies_message(
            views.replies(title=name, lines=(Answered(told, 200),) * count, hosts=hosts), asked
        ),
        Topic.QUEUES: lambda: queues_message(views.queues(count, title=name, hosts=hosts), asked),
    }[topic]()
    assert limits.check_message(shown) == []
    assert limits.check_message(plainer(shown)) == []


def long_names(found: Sources, name: str, told: ReplyLine) -> Sources:
    lines = (replace(line, key=f"{n}{name}", reply=told, beside=(name,) * 3) for n, line in enumerate(found.lines))
    return replace(found, lines=tuple(lines))


@settings(max_examples=40)
@given(st.sampled_from(Of), st.integers(0, 1_100), st.integers(1, PAGES), names, replies)
def test_any_page_of_a_place_fits(of: Of, isps: int, page: int, name: str, told: ReplyLine) -> None:
    found = place(
        of=of,
        key=name,
        lines=tuple(There(f"{n}{name}", f"{n}{name}", tally(5_000, 30), tally(10**9, 4)) for n in range(isps)),
        ips=(name,) * 200,
        vmtas=(name,) * 2_000,
        on=(name,) * 250,
        replies=((name, told),) * 5,
        nearest=name * 9,
        hosts=tuple(HostLine(f"h{n}", None, "x" * 300) for n in range(60)),
    )
    shown = place_message(found, Asked(Topic(of.value), name[:255], page=page))
    assert limits.check_message(shown) == []
    assert limits.check_message(plainer(shown)) == []


@given(st.integers(0, 2_000), st.integers(-5, PAGES), st.integers(1, 50))
def test_pages_leave_nothing_out_and_show_nothing_twice(total: int, number: int, per_page: int) -> None:
    rows = list(range(total))
    one = page_of(rows, number, per_page)
    assert 1 <= one.number <= one.of
    every = [row for n in range(1, one.of + 1) for row in page_of(rows, n, per_page).rows]
    assert every == rows
    assert list(one.rows) == rows[one.first - 1 : one.last]


@given(st.integers(1, 24 * 400), names)
def test_any_history_fits(of_hours: int, title: str) -> None:
    hosts = tuple(HostLine(f"h{n}", None, "x" * 300) for n in range(60))
    shown = history_message(history(of_hours, title=title, diluted=tuple("abcdefgh"), hosts=hosts))
    assert limits.check_message(shown) == []
    assert limits.check_message(plainer(shown)) == []


@given(st.integers(1, 60), st.integers(1, 40))
def test_any_preview_fits(per_host: int, hosts: int) -> None:
    steps = tuple(step(n, f"mta{h}", queue="q" * 200 + f"/{n}") for h in range(hosts) for n in range(per_host))
    made = change(ChangeState.APPLIED, plan=plan(steps=steps, notes=("n" * 900,) * 30, title="t" * 500, why="w" * 5000))
    for view in (preview.preview_view(made, now=NOW), preview.undo_view(made, now=NOW)):
        assert limits.check_view(view) == []


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_any_home_fits(incidents: int, changes: int, hosts: int) -> None:
    view = home_view(
        overview(hosts=tuple(HostLine(f"h{n}", None, "x" * 300) for n in range(hosts))),
        [incident(id=n) for n in range(incidents)],
        [change(ChangeState.APPLIED, id=n) for n in range(changes)],
        now=NOW,
    )
    assert limits.check_view(view) == []
    assert len(view["blocks"]) <= 100


def text_of(shown: Message) -> str:
    return str([*shown.blocks, *shown.tail])


def test_what_is_left_out_is_counted() -> None:
    alike = tuple(Share(f"192.0.2.{n}", tally(100, 30)) for n in range(46))
    jobs = tuple(Share(f"job-{n}", tally(100, 30)) for n in range(500))
    shown = text_of(diagnosis_message(diagnosis(ips=alike, jobs=jobs), None))
    assert "…and 41 more, together 30 % of 4,100" in shown
    assert "…and 495 more" in shown


def test_the_carriers_are_listed_and_the_rest_summed_up() -> None:
    shown = text_of(diagnosis_message(diagnosis(), None))
    assert "…and 9 more, together 5 % of 22,383" in shown
    assert "192.0.2.20" not in shown


def test_a_large_plan_is_grouped_by_host() -> None:
    steps = tuple(step(n, f"mta{h}") for h in (1, 2) for n in range(30))
    view = preview.preview_view(change(plan=plan(steps=steps)), now=NOW)
    assert str(view["blocks"]).count("…and 20 more of the same kind (30 commands in all)") == 2


@pytest.mark.parametrize(
    ("blocks", "fault"),
    [
        ([{"type": "section", "block_id": "a", "text": {"type": "mrkdwn", "text": "x" * 12_001}}], "characters"),
        ([{"type": "divider", "block_id": "a"}] * 2, "block_id"),
        ([{"type": "table", "block_id": n, "rows": []} for n in "ab"], "at most 1 table"),
        ([{"type": "data_visualization", "block_id": n} for n in "abc"], "at most 2 data_visualization"),
        ([{"type": "table", "block_id": "a", "rows": [[{"text": "a"}], []]}], "rows of one length"),
        ([{"type": "table", "block_id": "a", "rows": [[{"text": "x" * 10_001}]]}], "table: at most"),
        ([{"type": "actions", "block_id": "a", "elements": [{"action_id": "x"}, {"action_id": "x"}]}], "action_id"),
        ([{"type": "actions", "block_id": "a", "elements": [{"action_id": "x", "style": "green"}]}], "style"),
        ([{"type": "divider", "block_id": str(n)} for n in range(51)], "at most 50"),
    ],
)
def test_the_checker_finds_what_slackblocks_misses(blocks: list[dict[str, Any]], fault: str) -> None:
    assert any(fault in said for said in limits.check_message(Message("Hello.", tuple(blocks))))


def test_the_checker_wants_a_sentence() -> None:
    block = {"type": "divider", "block_id": "a"}
    assert limits.check_message(Message(" ", (block,))) == ["text: a sentence expected, found nothing"]
    assert limits.check_message(Message("x" * 4001, (block,)))
    assert limits.check_view({"blocks": []}) == ["view: at least one block expected, found none"]
    assert limits.check_view({"blocks": [block], "private_metadata": "x" * 250_001})


def test_overview_shows_every_isp_that_is_above_normal() -> None:
    line: OverviewLine = overview().lines[0]
    shown = overview_message(overview(lines=(line,) * 9))
    assert sum(block["type"] == "table" and len(block["rows"]) == 10 for block in shown.blocks) == 1


def test_a_long_window_is_still_twenty_points() -> None:
    found = diagnosis(series=series([0.1] * 60))
    block = chart.native(found, TierRule())
    assert len(block) == 1
