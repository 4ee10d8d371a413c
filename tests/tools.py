"""Programs of this machine that tests put on the PATH of a host."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


def link(tool: str, folder: Path) -> None:
    """Put the machine's own `tool` into `folder`; skips the calling test where it is not installed."""
    found = shutil.which(tool, path="/usr/bin:/bin")
    if not found:
        pytest.skip(f"{tool} is not installed (Debian: apt-get install {tool})")
    (folder / tool).unlink(missing_ok=True)
    (folder / tool).symlink_to(found)
