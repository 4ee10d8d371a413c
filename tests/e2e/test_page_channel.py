"""The page of the local Slack, without the bot: messages, charts, people, menus, the fleet strip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bot.sim.slack.server import LocalSlack
from tests.browser import DESKTOP, PHONE, chromium, complaints, gone, hook, resize, seen, until
from tests.local_slack_bot import ANN, BO
from tests.page_stage import Json, Stage, actions, button, mrkdwn, plain, section, stage

pytestmark = pytest.mark.browser

CATEGORIES = [f"02:{minute:02d}" for minute in range(0, 60, 5)]
MENU = {
    "type": "overflow",
    "action_id": "more",
    "options": [{"text": plain("Pause these IPs…"), "value": "pause"}, {"text": plain("Why this?"), "value": "why"}],
}


@pytest.fixture(scope="module")
def page() -> Iterator[Stage]:
    with stage() as made:
        yield made


def series(name: str, values: list[float]) -> Json:
    return {
        "name": name,
        "data": [{"label": label, "value": value} for label, value in zip(CATEGORIES, values, strict=True)],
    }


def chart(kind: str, *lines: Json) -> Json:
    axis = {"categories": CATEGORIES, "y_label": "% deferred"}
    return {
        "type": "data_visualization",
        "title": "Gmail, last hour",
        "chart": {"type": kind, "series": list(lines), "axis_config": axis},
    }


def wide_table() -> Json:
    cell = {"type": "raw_text", "text": "a-rather-long-queue-name.example/vmta-17"}
    bold = [{"type": "text", "text": "31 %", "style": {"bold": True}}]
    rich = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": bold}]}
    return {"type": "table", "rows": [[cell] * 5, [cell, rich, cell, cell, cell]]}


def test_a_message_is_drawn_with_its_bar_its_blocks_and_its_edits(page: Stage) -> None:
    blocks = [
        section(":large_orange_circle: *Gmail · 31 % deferred* since <!date^1763606460^{date_num}|02:41> by <@U0ANN>"),
        {"type": "section", "fields": [mrkdwn("*Rate*\n31 %"), mrkdwn("*Waiting*\n28,577")]},
    ]
    ts = page.post("Gmail defers.", blocks=blocks, attachments=[{"color": "#a30200", "blocks": [section("> `421`")]}])
    row = page.row(ts)
    assert "🟠 Gmail · 31 % deferred since 2025-11-20 by @Ann" in row.text
    assert "Gmail defers." not in row.text  # the fallback text stands for the blocks, never beside them
    bar = row.find_element(*hook("attachment"))
    assert page.script("return getComputedStyle(arguments[0], '::before').backgroundColor", bar) == "rgb(163, 2, 0)"
    assert "(edited)" not in row.text

    page.client.chat_update(channel=page.slack.channel_id, ts=ts, text="x", blocks=[section("back to *4 %*")])
    until(page.driver, lambda _: "back to 4 %" in page.row(ts).text and "(edited)" in page.row(ts).text, "the edit")


HOSTILE = '<script>window.pwned=1</script><img src=x onerror="window.pwned=1">&lt;b&gt;'


def test_hostile_text_stays_text(page: Stage) -> None:
    evil = "<javascript:window.pwned=1|click> " + HOSTILE
    raw = {"type": "raw_text", "text": HOSTILE}
    blocks = [
        section(evil),
        {"type": "header", "text": plain(HOSTILE)},
        {"type": "table", "rows": [[raw], [raw]]},
        {"type": "markdown", "text": f"{HOSTILE} [click](javascript:window.pwned=1)"},
        {"type": "image", "image_url": "https://pictures.example/x.png", "alt_text": HOSTILE},
        actions(button("evil", HOSTILE[:75])),
    ]
    ts = page.post(evil, blocks=blocks)
    said = page.slack.say(BO.id, HOSTILE)
    assert HOSTILE in page.row(said).text  # people read exactly what was typed
    row = page.row(ts)
    assert row.text.count('<img src=x onerror="window.pwned=1">') >= 5
    assert row.find_elements(By.CSS_SELECTOR, "img, script, iframe, [onerror], a[href^='javascript']") == []
    row.find_element(*hook("action-evil")).click()
    page.last_action("evil")
    assert page.script("return window.pwned") is None
    assert complaints(page.driver) == []  # nothing was even tried: no refused script, no outside picture


def test_charts_show_every_point_and_floors_as_levels(page: Stage) -> None:
    deferred = series("deferred", [6, 6, 5, 7, 8, 12, 15, 19, 22, 27, 29, 31])
    line = page.row(page.post(blocks=[chart("line", deferred, series("mixed 15 %", [15] * 12))]))
    assert len(line.find_elements(*hook("chart-point"))) == 12
    drawn = {
        item.get_attribute("data-name"): item.get_attribute("data-points")
        for item in line.find_elements(*hook("chart-series"))
    }
    assert drawn == {"deferred": "12", "mixed 15 %": "12"}
    heights = [float(str(dot.get_attribute("cy")).rstrip("%")) for dot in line.find_elements(*hook("chart-point"))]
    assert heights.index(min(heights)) == 11  # the last value is the highest, so it stands nearest to the top

    bars = page.row(page.post(blocks=[chart("bar", deferred, series("before", [float(n) for n in range(12)]))]))
    assert len(bars.find_elements(*hook("chart-point"))) == 24
    pie = {"type": "pie", "segments": [{"label": "reputation", "value": 3}, {"label": "rest", "value": 1}]}
    slices = page.row(page.post(blocks=[{"type": "data_visualization", "title": "Causes", "chart": pie}]))
    assert len(slices.find_elements(*hook("chart-slice"))) == 2
    assert "reputation · 3 (75 %)" in slices.text


def test_an_ephemeral_message_is_seen_by_one_person_who_may_dismiss_it(page: Stage) -> None:
    told = page.client.chat_postEphemeral(channel=page.slack.channel_id, user=ANN.id, text="Only for Ann.")
    row = page.row(str(told["message_ts"]))
    assert "Only visible to you" in row.text
    after = page.post("For everybody.")
    page.switch_to(BO.id)
    page.row(after)
    assert "Only for Ann." not in seen(page.driver, "channel-tab").find_element(By.XPATH, "//main").text
    page.switch_to(ANN.id)
    page.inside(str(told["message_ts"]), "ephemeral-dismiss").click()
    gone(page.driver, f"message-{told['message_ts']}")


def test_a_thread_opens_and_takes_replies(page: Stage) -> None:
    root = page.post("Gmail defers.")
    page.post("02:55 applied.", thread_ts=root)
    page.inside(root, f"replies-{root}").click()
    pane = seen(page.driver, "thread")
    assert "02:55 applied." in pane.text
    seen(page.driver, "thread-composer").send_keys("thanks" + Keys.ENTER)
    page.slack.wait_for(lambda: "thanks" in [reply["text"] for reply in page.slack.thread(root)])
    until(page.driver, lambda _: "2 replies" in page.row(root).text, "the reply count")
    seen(page.driver, "thread-close").click()
    gone(page.driver, "thread")


def test_what_is_picked_in_the_overflow_menu_reaches_the_app_even_after_an_edit(page: Stage) -> None:
    ts = page.post(blocks=[section("31 %"), actions(MENU, block_id="r1")])
    page.inside(ts, "action-more").click()
    assert [item.text for item in seen(page.driver, "menu").find_elements(*hook("menu-item"))] == [
        "Pause these IPs…",
        "Why this?",
    ]
    newer = [section("32 %"), actions(MENU, block_id="r2")]
    page.client.chat_update(channel=page.slack.channel_id, ts=ts, text="x", blocks=newer)
    until(page.driver, lambda _: "32 %" in page.row(ts).text, "the edit")
    seen(page.driver, "menu").find_element(By.CSS_SELECTOR, "[data-value=why]").click()
    picked = page.last_action("more")
    assert (picked["selected_option"]["value"], picked["block_id"]) == ("why", "r2")
    gone(page.driver, "menu")


def test_a_confirm_dialog_asks_first_and_cancel_does_nothing(page: Stage) -> None:
    question = {
        "title": plain("Pause?"),
        "text": plain("This stops mail."),
        "confirm": plain("Pause"),
        "deny": plain("No"),
    }
    ts = page.post(
        blocks=[actions(button("pause", "Pause…", style="danger", confirm=question), button("ping", "Ping"))]
    )
    page.inside(ts, "action-pause").click()
    assert "This stops mail." in seen(page.driver, "confirm").text
    seen(page.driver, "confirm-no").click()
    gone(page.driver, "confirm")
    page.inside(ts, "action-ping").click()
    page.last_action("ping")  # heard after the cancelled one would have been
    assert not any(body.get("actions", [{}])[0].get("action_id") == "pause" for body in page.heard)
    page.inside(ts, "action-pause").click()
    seen(page.driver, "confirm-yes").click()
    assert page.last_action("pause")["value"] == "42:1"


def test_commands_are_sent_with_enter_and_come_back_with_arrow_up(page: Stage) -> None:
    box = seen(page.driver, "composer")
    box.send_keys("/deferrals gmail" + Keys.ENTER)
    page.slack.wait_for(lambda: any(body.get("text") == "gmail" for body in page.heard))
    until(
        page.driver,
        lambda _: "heard gmail" in seen(page.driver, "channel-tab").find_element(By.XPATH, "//main").text,
        "the answer",
    )
    assert box.get_property("value") == ""
    box.send_keys(Keys.ARROW_UP)
    assert box.get_property("value") == "/deferrals gmail"
    box.send_keys(Keys.ARROW_DOWN)
    box.send_keys("/nonsense" + Keys.ENTER)
    assert "not a valid command" in seen(page.driver, "notice").text
    seen(page.driver, "notice-dismiss").click()
    gone(page.driver, "notice")


def test_a_reader_further_up_keeps_the_place_and_the_draft(page: Stage) -> None:
    for number in range(12):
        page.slack.say(BO.id, f"filler {number}\nmore\nmore")
    page.row(page.slack.say(BO.id, "the end"))
    page.script("document.querySelector('.channel > [data-stick]').scrollTop = 40")
    until(
        page.driver,
        lambda _: page.script("return document.querySelector('.channel > [data-stick]').scrollTop") == 40,
        "40",
    )
    seen(page.driver, "composer").send_keys("half a thou")
    page.slack.say(BO.id, "news")
    seen(page.driver, "unread")
    assert page.script("return document.querySelector('.channel > [data-stick]').scrollTop") == 40
    box = seen(page.driver, "composer")
    assert box.get_property("value") == "half a thou"
    assert page.driver.switch_to.active_element == box
    box.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.DELETE)
    seen(page.driver, "unread").click()
    gone(page.driver, "unread")


def test_the_fleet_is_shown_and_a_scenario_started(page: Stage) -> None:
    fleet = seen(page.driver, "fleet")
    assert "31 %" in fleet.find_element(*hook("fleet-isp-gmail")).text
    assert "–" in fleet.find_element(*hook("fleet-isp-apple")).text  # 31 attempts say nothing
    queue = fleet.find_element(*hook("queue-gmail.com/gmail-ip-1"))
    assert "12,480" in queue.text
    assert "192.0.2.14 off" in queue.text
    page.panel.paused = True
    until(page.driver, lambda _: "PAUSED" in fleet.find_element(*hook("queue-gmail.com/gmail-ip-1")).text, "PAUSED")
    fleet.find_element(By.CSS_SELECTOR, "[data-testid=scenario-select] [value=gmail-reputation]").click()
    seen(page.driver, "scenario-start").click()
    page.slack.wait_for(lambda: page.panel.started == ["gmail-reputation"])
    until(
        page.driver,
        lambda _: "Gmail: IP reputation" in fleet.find_element(*hook("fleet-scenario")).text,
        "the scenario",
    )


def test_a_phone_never_scrolls_sideways(page: Stage) -> None:
    long_word = "x" * 300
    points = series("deferred", [float(n) for n in range(12)])
    root = page.post(blocks=[wide_table(), section(f"`{long_word}` {long_word}"), chart("line", points)])
    page.post(f"```{long_word}```", thread_ts=root)
    resize(page.driver, PHONE)
    try:
        assert sideways(page) == []
        page.inside(root, f"replies-{root}").click()
        seen(page.driver, "thread")
        assert sideways(page) == []
        seen(page.driver, "thread-close").click()
        seen(page.driver, "fleet-toggle").click()
        seen(page.driver, "scenario-start")
        assert sideways(page) == []
        seen(page.driver, "fleet-toggle").click()
        seen(page.driver, "home-tab").click()
        seen(page.driver, "home")
        assert sideways(page) == []
    finally:
        resize(page.driver, DESKTOP)
        seen(page.driver, "channel-tab").click()


def sideways(page: Stage) -> list[str]:
    """The parts that scroll sideways or stick out, a table's own scroller apart."""
    found = page.script(
        """const parts = 'body, #app, .side, .main, .thread, .scroll, .message, .content, .chart, .composer';
        return [...document.querySelectorAll(parts)]
        .filter((box) => box.offsetParent !== null || box === document.body)
        .filter((box) => box.scrollWidth > box.clientWidth + 1 || box.getBoundingClientRect().right > innerWidth + 1)
        .map((box) => `${box.className || box.tagName} ${box.scrollWidth} > ${box.clientWidth}`)"""
    )
    return cast(list[str], found)


def test_the_page_finds_its_way_back_after_the_server_was_gone() -> None:
    first = LocalSlack(people=[ANN, BO])
    first.start()
    with chromium() as driver:
        try:
            driver.get(first.url)
            seen(driver, "composer")
            port = int(first.url.rstrip("/").rpartition(":")[2])
        finally:
            first.stop()
        seen(driver, "trouble")
        second = LocalSlack(people=[ANN, BO], port=port)
        second.start()
        try:
            second.say(BO.id, "back again")
            until(driver, lambda page: "back again" in page.find_element(By.TAG_NAME, "main").text, "the new message")
            gone(driver, "trouble")
            driver.get("about:blank")
        finally:
            second.stop()
