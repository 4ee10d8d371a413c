"""Accounting files on this machine, read in pieces."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from bot.core.accounting import Header, is_json
from bot.core.isp import IspCatalog
from bot.errors import DeferbotError
from bot.pmta.columns import ColumnReader
from bot.pmta.frame import ALL_DETAILS, Details, Frame

BLOCK = 30 << 20
"""Bytes read at once: two pieces to be worked on side by side, and less than glibc maps anew every time (32 MiB)."""


def read_local(
    path: Path | str,
    isps: IspCatalog,
    details: Details = ALL_DETAILS,
    told: Callable[[int], object] = lambda _: None,
) -> Iterator[Frame]:
    """Every record of one file (`-`: standard input; `.gz` and `.zst` unpacked); an empty file has none.

    Args:
        details: Columns that the frames must have filled; fewer are quicker.
        told: Called with how many more of the file's bytes have been counted.

    Raises: DeferbotError where it cannot be read or does not begin with a header.
    """
    header: Header | None = None
    rest = b""
    with _opened(path) as (file, packed):
        for block, taken in _blocks(file, packed, str(path)):
            data = rest + block
            reader = ColumnReader(data, header, isps, final=not block, details=details)
            for frame in reader:
                if reader.header is None and not is_json(data):
                    raise DeferbotError(_no_header(path, data))
                yield frame
            header, rest = reader.header, data[reader.position :]
            told(taken)


def _blocks(file: BinaryIO, packed: BinaryIO, name: str) -> Iterator[tuple[bytes, int]]:
    """Blocks, each with how many bytes of the file itself it took, and an empty one at the end; one is read ahead."""

    def block() -> tuple[bytes, int]:
        start = packed.tell() if packed.seekable() else 0
        data = file.read(BLOCK)
        return data, (packed.tell() if packed.seekable() else 0) - start

    with ThreadPoolExecutor(1) as pool:
        try:
            following = pool.submit(block)
            while (found := following.result())[0]:
                following = pool.submit(block)
                yield found
        except (OSError, EOFError, zstandard.ZstdError) as e:
            raise DeferbotError(f"{name}: a readable file expected, found: {_reason(e)}.") from e
    yield b"", 0


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
