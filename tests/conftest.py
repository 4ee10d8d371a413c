"""House rules of the test run: no skip in CI, hypothesis profiles."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

ALLOWED_SKIP = "third-party data"
"""Reason prefix of the one kind of skip that CI lets through: data that may not be part of this project."""

settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With DEFERBOT_NO_SKIP set, a skipped test is a failed one: CI must have what every test needs."""
    report = yield
    if report.skipped and os.environ.get("DEFERBOT_NO_SKIP") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if ALLOWED_SKIP not in reason:
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} may not be skipped here: {reason}"
    return report
