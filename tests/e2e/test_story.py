"""The whole job as a person does it, in a browser on `deferbot demo`: alert, diagnosis, change, recovery, undo."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement

from bot.demo import Demo
from tests.browser import PHONE, chromium, complaints, hook, seen, until

pytestmark = pytest.mark.browser

SPEED = 120.0
"""Two simulated minutes a second: an hour's window passes in half a minute."""
SLOWLY_S = 90.0
"""For what takes simulated hours; everything a person waits for has the browser helper's own limit."""


@pytest.fixture
def demo() -> Iterator[Demo]:
    with Demo(port=0, speed=SPEED, poll_every="1s", scenario="gmail-reputation") as running:
        yield running


@pytest.fixture
def page(demo: Demo) -> Iterator[WebDriver]:
    with chromium(PHONE) as driver:
        driver.get(f"{demo.slack.url}?user=U0OPERATOR")
        yield driver


def alert(page: WebDriver, *words: str, timeout_s: float = SLOWLY_S) -> WebElement:
    """The Gmail alert once it holds every one of `words`."""

    def found(driver: WebDriver) -> WebElement | None:
        texts = driver.find_elements(*hook("message"))
        return next((m for m in texts if "INC-" in m.text and all(word in m.text for word in words)), None)

    message = until(page, found, f"an alert with {words}", timeout_s)
    assert message is not None
    return message


def click(page: WebDriver, testid: str) -> None:
    """Click the newest element with this hook, as soon as it can be clicked."""

    def clicked(driver: WebDriver) -> bool:
        elements = [e for e in driver.find_elements(*hook(testid)) if e.is_displayed() and e.is_enabled()]
        if not elements:
            return False
        driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", elements[-1])
        elements[-1].click()
        return True

    until(page, clicked, f"{testid} to click")


def type_command(page: WebDriver, text: str) -> None:
    box = seen(page, "composer")
    box.clear()
    box.send_keys(text)
    box.send_keys(Keys.ENTER)


def private_answer(page: WebDriver, *words: str) -> str:
    def found(driver: WebDriver) -> str | None:
        texts = [m.text for m in driver.find_elements(*hook("message")) if "Only visible to you" in m.text]
        return next((text for text in texts[::-1] if all(word in text for word in words)), None)

    answer = until(page, found, f"a private answer with {words}")
    assert answer is not None
    return answer


def slowed(demo: Demo) -> set[tuple[str, str]]:
    """Queues that are really in backoff mode or paused in the fleet."""
    hosts = demo.fleet.snapshot()["hosts"]
    assert isinstance(hosts, list)
    return {
        (host["name"], queue["name"])
        for host in hosts
        for queue in host["queues"]
        if queue["paused"] or queue["mode"] == "backoff"
    }


def said(demo: Demo, ts: str, word: str) -> bool:
    return any(word in str(note["text"]) for note in demo.slack.thread(ts))


def become(page: WebDriver, demo: Demo, user: str) -> None:
    page.get(f"{demo.slack.url}?user={user}")


def test_the_whole_story(demo: Demo, page: WebDriver) -> None:
    alert(page, "Gmail", "deferred", "IP reputation", "Slow 2 Gmail queues")
    assert slowed(demo) == set()

    type_command(page, "/deferrals gmal")
    private_answer(page, "No ISP called gmal", "gmail")
    type_command(page, "/deferrals gmail")
    assert "192.0.2.10" in private_answer(page, "421 4.7.0", "gmail-ip-1")

    become(page, demo, "U0BYSTANDER")
    click(page, "action-apply_0")
    private_answer(page, "Only people in @mail-oncall")
    assert slowed(demo) == set()

    become(page, demo, "U0OPERATOR")
    click(page, "action-apply_0")
    until(page, lambda d: "pmta set queue --mode=backoff gmail.com/gmail-ip-1" in seen(d, "modal").text, "the preview")
    click(page, "modal-submit")
    seen(page, "field-error")  # why? is asked for
    seen(page, "modal").find_element(*hook("action-reason")).send_keys("rate doubled since the campaign")
    click(page, "modal-submit")
    until(page, lambda _: len(slowed(demo)) == 2, "two Gmail queues in backoff mode in the fleet")
    assert {queue for _, queue in slowed(demo)} == {"gmail.com/gmail-ip-1", "gmail.com/gmail-ip-3"}
    alert(page, "mitigating", "CHG-1")

    alert(page, "back to", timeout_s=SLOWLY_S)
    click(page, "action-undo")
    click(page, "modal-submit")
    until(page, lambda _: not slowed(demo), "both queues back to normal in the fleet")
    (incident,) = [m for m in demo.slack.messages("C0LOCAL") if m.get("thread_ts", m["ts"]) == m["ts"]]
    timeline = str(incident["ts"])
    for word in (
        "incident opened",
        "is applying",
        "1 of 1 read back",
        "back to normal",
        "is taking back",
        "Taken back.",
    ):
        demo.slack.wait_for(partial(said, demo, timeline, word), 10)
    assert complaints(page) == []
