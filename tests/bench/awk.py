"""The article's one-liner, by every awk that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from tests.bench.table import print_line

ONE_LINER = 'NR>1{split($5,a,"@");n[a[2]]++;if($1=="t")t[a[2]]++}END{for(d in n)if(n[d]>=50)print t[d]/n[d],n[d],d}'
"""Splits at commas and groups by the recipient's domain."""

_WAYS = {"mawk": ("mawk", "C"), "gawk, LC_ALL=C": ("gawk", "C"), "gawk, UTF-8": ("gawk", "C.UTF-8")}
"""gawk also in UTF-8, which is what a login shell gives it."""


def installed() -> dict[str, tuple[str, str]]:
    """Name -> program and locale; what is missing is said."""
    for tool in ("mawk", "gawk"):
        if not shutil.which(tool):
            print_line(f"{tool} is not installed: its lines are missing (Debian: apt-get install {tool}).")
    return {name: way for name, way in _WAYS.items() if shutil.which(way[0])}


def seconds(tool: str, locale: str, path: Path) -> float:
    env = {"PATH": os.environ["PATH"], "LC_ALL": locale}
    began = time.perf_counter()
    subprocess.run([tool, "-F,", ONE_LINER, str(path)], env=env, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
