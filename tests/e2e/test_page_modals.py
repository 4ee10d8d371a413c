"""The page's modals: typed text, field errors, the stack, the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import cast

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser import PHONE, gone, hook, resize, seen, until
from tests.page_stage import Json, Stage, actions, button, modal, plain, section, stage, text_input

pytestmark = pytest.mark.browser

TWO_HOURS = {"text": plain("2 hours"), "value": "2h"}
LASTS = {
    "type": "input",
    "block_id": "lasts",
    "optional": True,
    "label": plain("Ends after"),
    "element": {
        "type": "static_select",
        "action_id": "pick",
        "initial_option": TWO_HOURS,
        "options": [{"text": plain("1 hour"), "value": "1h"}, TWO_HOURS],
    },
}
ALSO = {
    "type": "input",
    "block_id": "also",
    "optional": True,
    "label": plain("Also"),
    "element": {
        "type": "checkboxes",
        "action_id": "pick",
        "options": [{"text": plain("tell sales"), "value": "tell"}, {"text": plain("wait"), "value": "wait"}],
    },
}
REASON = text_input("reason", "Reason", multiline=True)
PREVIEW = modal(
    section("`mta1` pauses *gmail.com/gmail-ip-1*"),
    {"type": "alert", "level": "warning", "text": plain("This stops mail.")},
    REASON,
    LASTS,
    ALSO,
    actions(button("deeper", "Commands…")),
)
DEEPER = {"type": "modal", "title": plain("Commands"), "blocks": [section("```pmta pause queue```")]}


@pytest.fixture(scope="module")
def stage_of_all() -> Iterator[Stage]:
    with stage() as made:
        made.views = {"open": PREVIEW, "deeper": DEEPER}
        yield made


@pytest.fixture
def page(stage_of_all: Stage) -> Iterator[Stage]:
    """The preview modal open; closed again afterwards."""
    ts = stage_of_all.post(blocks=[actions(button("open", "Pause…"))])
    stage_of_all.inside(ts, "action-open").click()
    seen(stage_of_all.driver, "modal")
    yield stage_of_all
    while seen_now(stage_of_all, "modal-close"):
        before = seen(stage_of_all.driver, "modal").get_attribute("data-view-id")
        seen(stage_of_all.driver, "modal-close").click()
        left = partial(front_is_not, stage_of_all, before)
        until(stage_of_all.driver, left, "the modal to close")


def seen_now(page: Stage, testid: str) -> bool:
    return any(element.is_displayed() for element in page.driver.find_elements(*hook(testid)))


def front(page: Stage) -> str | None:
    found = page.driver.find_elements(*hook("modal"))
    return found[0].get_attribute("data-view-id") if found else None


def front_is_not(page: Stage, view_id: str | None, _driver: WebDriver) -> bool:
    return front(page) != view_id


def reason_text(page: Stage) -> object:
    return seen(page.driver, "action-reason_text").get_property("value")


def submitted(page: Stage) -> Json:
    bodies = [body for body in page.heard if body.get("type") == "view_submission"]
    values: Json = bodies[-1]["view"]["state"]["values"]
    return values


def test_typed_text_survives_a_refresh_an_update_and_a_push(page: Stage) -> None:
    seen(page.driver, "action-reason_text").send_keys("rate is ris")
    page.post("something happens elsewhere")
    view_id = front(page)
    updated = {**PREVIEW, "blocks": [section("now *two* queues"), *PREVIEW["blocks"][1:]]}
    page.client.views_update(view_id=view_id, view=updated)
    until(page.driver, lambda _: "now two queues" in seen(page.driver, "modal").text, "the updated view")
    assert reason_text(page) == "rate is ris"
    assert page.driver.switch_to.active_element == seen(page.driver, "action-reason_text")

    seen(page.driver, "action-deeper").click()
    until(page.driver, lambda _: "pmta pause queue" in seen(page.driver, "modal").text, "the pushed view")
    seen(page.driver, "modal-close").click()
    until(page.driver, lambda _: front(page) == view_id, "the first view again")
    assert reason_text(page) == "rate is ris"


def test_a_field_error_stands_at_its_field_and_goes_when_it_is_edited(page: Stage) -> None:
    seen(page.driver, "modal-submit").click()
    assert "complete this required field" in seen(page.driver, "field-error").text
    box = seen(page.driver, "action-reason_text")
    box.send_keys("because")
    gone(page.driver, "field-error")

    page.refusals = {"reason": "Say which complaint."}
    seen(page.driver, "modal-submit").click()
    error = seen(page.driver, "field-error")
    assert (error.text, error.get_attribute("data-block-id")) == ("Say which complaint.", "reason")
    assert box.get_attribute("aria-invalid") == "true"
    assert str(error.get_attribute("id")) in str(box.get_attribute("aria-describedby"))
    assert reason_text(page) == "because"


def test_what_was_chosen_is_what_the_app_gets(page: Stage) -> None:
    seen(page.driver, "action-reason_text").send_keys("spam rate 0.3 %")
    page.driver.find_element(By.CSS_SELECTOR, "[data-testid=modal] option[data-value='1h']").click()
    page.driver.find_element(By.CSS_SELECTOR, "[data-testid=modal] input[value=wait]").click()
    seen(page.driver, "modal-submit").click()
    gone(page.driver, "modal")
    values = submitted(page)
    assert values["reason"]["reason_text"]["value"] == "spam rate 0.3 %"
    assert values["lasts"]["pick"]["selected_option"]["value"] == "1h"
    assert [option["value"] for option in values["also"]["pick"]["selected_options"]] == ["wait"]


def test_the_keyboard_stays_inside_and_escape_closes(page: Stage) -> None:
    assert page.driver.switch_to.active_element == seen(page.driver, "action-reason_text")
    for _ in range(12):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        assert page.script("return document.activeElement.closest('dialog') !== null")
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    gone(page.driver, "modal")
    assert page.slack.views("U0ANN") == []


def test_a_modal_fits_a_phone(page: Stage) -> None:
    resize(page.driver, PHONE)
    try:
        box = seen(page.driver, "modal")
        assert page.script("return document.documentElement.scrollWidth") == PHONE[0]
        for testid in ("modal-submit", "modal-close"):
            measured = page.script("return arguments[0].getBoundingClientRect().toJSON()", seen(page.driver, testid))
            edge = cast(dict[str, float], measured)
            assert 0 <= edge["left"] < edge["right"] <= PHONE[0]
            assert edge["bottom"] <= PHONE[1]
        assert box.is_displayed()
    finally:
        resize(page.driver, (1280, 900))
