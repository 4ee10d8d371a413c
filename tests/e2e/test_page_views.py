"""The views of `/deferrals` as a person reads them on a phone: typed, paged, led on to, mistyped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement

from tests.browser import PHONE, chromium, complaints, hook, seen, until
from tests.diagnoses import told
from tests.local_slack_bot import ANN
from tests.slack_desk import SlackDesk, Workplace

pytestmark = pytest.mark.browser


@pytest.fixture
def desk() -> Iterator[SlackDesk]:
    workplace = Workplace()
    try:
        with workplace.desk() as made:
            made.diagnose.found["gmail"] = told()
            yield made
    finally:
        workplace.close()


@pytest.fixture
def page(desk: SlackDesk) -> Iterator[WebDriver]:
    with chromium(PHONE) as driver:
        driver.get(f"{desk.slack.url}?user={ANN.id}")
        yield driver


def ask(page: WebDriver, text: str) -> None:
    box = seen(page, "composer")
    box.send_keys(text)
    box.send_keys(Keys.ENTER)


def newest(page: WebDriver, *words: str) -> WebElement:
    """The last message once it holds every one of `words`."""

    def found(driver: WebDriver) -> WebElement | None:
        messages = driver.find_elements(*hook("message"))
        return messages[-1] if messages and all(word in messages[-1].text for word in words) else None

    message = until(page, found, f"a message with {words}")
    assert message is not None
    return message


def click(page: WebDriver, message: WebElement, action: str) -> None:
    button = message.find_element(*hook(f"action-{action}"))
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()


def test_two_hundred_ips_are_paged_on_a_phone(page: WebDriver) -> None:
    ask(page, "/deferrals gmail ips")
    first = newest(page, "Gmail · source IPs, 60 min", "192.0.2.0", "1–20 of 200")
    assert page.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    click(page, first, "page_1")
    second = newest(page, "192.0.2.20", "21–40 of 200", "Previous: 1 of 10", "Next: 3 of 10")
    assert len([m for m in page.find_elements(*hook("message")) if "source IPs, 60 min" in m.text]) == 1
    click(page, second, "ask_1")
    newest(page, "Gmail · VMTAs, 60 min")
    assert complaints(page) == []


def test_a_diagnosis_leads_to_its_views_and_to_the_providers_page(page: WebDriver) -> None:
    ask(page, "/deferrals gmail")
    shown = newest(page, "Causes of 12,525 replies", "⚠ 1.5 % IP on a blocklist", "Not recommended:")
    link = shown.find_element(*hook("action-link_0"))
    assert link.get_attribute("href") == "https://postmaster.google.com/"
    click(page, shown, "ask_2")
    newest(page, "Gmail · replies, 60 min", "unusual rate of mail")


def test_a_slip_of_the_finger_costs_one_click(page: WebDriver) -> None:
    ask(page, "/deferrals gmal ips 24h")
    click(page, newest(page, "Did you mean gmail ips 24h?"), "isp_0")
    newest(page, "source IPs, 24 h")
