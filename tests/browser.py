"""A headless Chromium for the page's tests: started per use on a profile of its own, ended together with its driver."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

T = TypeVar("T")

WAIT_S = 8.0
POLL_S = 0.05
DESKTOP = (1280, 900)
PHONE = (390, 844)

_SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def _program(*names: str) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


@contextmanager
def chromium(size: tuple[int, int] = DESKTOP, *, dark: bool = False) -> Iterator[WebDriver]:
    """A driver whose page is exactly `size` CSS pixels; skips the test where Chromium or its driver is missing."""
    browser, driver = _program("chromium", "chromium-browser", "google-chrome"), _program("chromedriver")
    if browser is None or driver is None:
        missing = "chromium" if browser is None else "chromedriver"
        pytest.skip(f"{missing} is not on the PATH; on Debian: apt-get install chromium chromium-driver")
    profile = tempfile.mkdtemp(prefix="deferbot-browser-")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for switch in (*_SWITCHES, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    session = webdriver.Chrome(options=options, service=Service(driver))
    try:
        resize(session, size)
        if dark:
            prefer_dark(session)
        yield session
    finally:
        session.quit()
        shutil.rmtree(profile, ignore_errors=True)


def resize(driver: WebDriver, size: tuple[int, int]) -> None:
    """Make the page exactly `size` CSS pixels wide and high; a window alone does not go below 500."""
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def prefer_dark(driver: WebDriver) -> None:
    features = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", features)


def until(driver: WebDriver, question: Callable[[WebDriver], T], what: str, timeout_s: float = WAIT_S) -> T:
    """The first truthy answer to `question`; elements that vanish meanwhile count as "not yet".

    Raises: TimeoutException saying `what` was waited for.
    """
    ignored = (NoSuchElementException, StaleElementReferenceException)
    wait = WebDriverWait(driver, timeout_s, poll_frequency=POLL_S, ignored_exceptions=ignored)
    return wait.until(question, f"{what}: not seen within {timeout_s:g} s")


def hook(testid: str) -> tuple[str, str]:
    """The locator of one of the page's stable hooks; they are listed at the top of page/app.js."""
    return By.CSS_SELECTOR, f'[data-testid="{testid}"]'


def seen(driver: WebDriver, testid: str, timeout_s: float = WAIT_S) -> WebElement:
    """Wait until the hook's first element is displayed, and hand it back."""

    def displayed(page: WebDriver) -> WebElement | None:
        return next((element for element in page.find_elements(*hook(testid)) if element.is_displayed()), None)

    found = until(driver, displayed, f"[data-testid={testid}] on the screen", timeout_s)
    assert found is not None
    return found


def gone(driver: WebDriver, testid: str, timeout_s: float = WAIT_S) -> None:
    """Wait until no element with this hook is displayed."""
    until(
        driver,
        lambda page: not any(element.is_displayed() for element in page.find_elements(*hook(testid))),
        f"[data-testid={testid}] to vanish",
        timeout_s,
    )


def complaints(driver: WebDriver) -> list[str]:
    """What the browser's console says against the page: script errors, refused loads, 404s."""
    entries = driver.get_log("browser")  # type: ignore[attr-defined]
    return [str(entry["message"]) for entry in entries if entry["level"] in {"SEVERE", "WARNING"}]


def save_screenshot(driver: WebDriver, path: Path) -> Path:
    driver.save_screenshot(str(path))
    return path
