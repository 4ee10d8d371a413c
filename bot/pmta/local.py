"""Accounting files on this machine, read in pieces."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from bot.core.accounting import Row, RowReader, is_json
from bot.core.isp import IspCatalog
from bot.core.record_time import TimeStyle
from bot.errors import DeferbotError
from bot.pmta.columns import PIECE, Frames
from bot.pmta.frame import ALL_DETAILS, Details, Frame
from bot.pmta.reader import Reading


@dataclass(slots=True)
class Oddities:
    """What files show besides their records: `bad` is the first sample of every kind of bad row, `zoneless` tells that
    times of theirs say no offset and are taken for UTC."""

    bad: dict[str, str] = field(default_factory=dict)
    zoneless: bool = False


def read_local(
    path: Path | str,
    isps: IspCatalog,
    details: Details = ALL_DETAILS,
    told: Callable[[int], object] = lambda _: None,
    oddities: Oddities | None = None,
) -> Iterator[Frame]:
    """Every record of one file (`-`: standard input; `.gz` and `.zst` unpacked); an empty file has none.

    Args:
        details: Columns that the frames must have filled; fewer are quicker.
        told: Called with how many more of the file's bytes have been counted.
        oddities: What this file shows is added to it.

    Raises: DeferbotError where it cannot be read or does not begin with a header.
    """
    with _opened(path) as (file, packed):
        start = _Start()
        frames = Frames(
            start.of(_blocks(file, packed, str(path), told)), None, Reading(isps, details=details), final=True
        )
        for frame in frames:
            if frames.header is None and not is_json(start.bytes):
                raise DeferbotError(_no_header(path, start.bytes))
            yield frame
        if oddities:
            oddities.bad = frames.bad | oddities.bad
            oddities.zoneless = oddities.zoneless or _zoneless(start.bytes)


class _Start:
    """Remembers the first of the blocks that pass by."""

    def __init__(self) -> None:
        self.bytes = b""

    def of(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self.bytes = self.bytes or block[:4096]
            yield block


def _blocks(file: BinaryIO, packed: BinaryIO, name: str, told: Callable[[int], object]) -> Iterator[bytes]:
    """Blocks of a piece's size. `told` hears how many bytes of the file itself the one before took."""
    place = 0
    try:
        while block := file.read(PIECE):
            yield block
            if packed.seekable():
                told(packed.tell() - place)
                place = packed.tell()
    except (OSError, EOFError, zstandard.ZstdError) as e:
        raise DeferbotError(f"{name}: a readable file expected, found: {_reason(e)}.") from e


def _zoneless(start: bytes) -> bool:
    """True where the first record's time would be another moment in another zone."""
    readers = (RowReader(start, None, style=TimeStyle(offset_s)) for offset_s in (0, 3600))
    here, east = (next((row.at for row in reader if isinstance(row, Row)), 0) for reader in readers)
    return here != east


def _no_header(path: Path | str, data: bytes) -> str:
    line = data.partition(b"\n")[0].decode("utf-8", "replace").strip()
    return (
        f"{path}: a header line like type,timeLogged,… expected first, found {line[:60]!r}. "
        "For a cut-out put the header in front: (head -n 1 FILE; tail -n 1000 FILE) | deferbot rates -"
    )


@contextmanager
def _opened(path: Path | str) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """What to read from, and the file itself: the same where it is not packed."""
    if str(path) == "-":
        yield sys.stdin.buffer, sys.stdin.buffer
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115  # closed below, whatever is wrapped around it
    except OSError as e:
        raise DeferbotError(f"{path}: a readable accounting file expected, found: {_reason(e)}.") from e
    with file:
        yield _unpacked(file, Path(path).suffix), file


def _unpacked(file: BinaryIO, suffix: str) -> BinaryIO:
    if suffix == ".gz":
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    if suffix == ".zst":
        return cast(BinaryIO, zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True))
    return file


def _reason(error: BaseException) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
