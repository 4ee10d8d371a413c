"""Accounting files on this machine, read in pieces."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from bot.core.accounting import Header, is_json
from bot.core.isp import IspCatalog
from bot.errors import DeferbotError
from bot.pmta.columns import PIECE, ColumnReader
from bot.pmta.frame import Frame


def read_local(path: Path | str, isps: IspCatalog) -> Iterator[Frame]:
    """Every record of one file (`-`: standard input; `.gz` and `.zst` unpacked); an empty file has none.

    Raises: DeferbotError where it cannot be read or does not begin with a header.
    """
    header: Header | None = None
    rest = b""
    with _opened(path) as file:
        for block, final in _blocks(file, str(path)):
            reader = ColumnReader(rest + block, header, isps, final=final)
            for frame in reader:
                if reader.header is None and not is_json(rest + block):
                    raise DeferbotError(_no_header(path, rest + block))
                yield frame
            header, rest = reader.header, (rest + block)[reader.position :]


def _blocks(file: BinaryIO, name: str) -> Iterator[tuple[bytes, bool]]:
    """Blocks of a piece's size, and whether it is the last (which may be empty)."""
    try:
        block = file.read(PIECE)
        while block:
            following = file.read(PIECE)
            yield block, not following
            block = following
    except (OSError, EOFError, zstandard.ZstdError) as e:
        raise DeferbotError(f"{name}: a readable file expected, found: {_reason(e)}.") from e


def _no_header(path: Path | str, data: bytes) -> str:
    line = data.partition(b"\n")[0].decode("utf-8", "replace").strip()
    return (
        f"{path}: a header line like type,timeLogged,… expected first, found {line[:60]!r}. "
        "For a cut-out put the header in front: (head -n 1 FILE; tail -n 1000 FILE) | deferbot rates -"
    )


@contextmanager
def _opened(path: Path | str) -> Iterator[BinaryIO]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115  # closed below, whatever is wrapped around it
    except OSError as e:
        raise DeferbotError(f"{path}: a readable accounting file expected, found: {_reason(e)}.") from e
    with file:
        yield _unpacked(file, Path(path).suffix)


def _unpacked(file: BinaryIO, suffix: str) -> BinaryIO:
    if suffix == ".gz":
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    if suffix == ".zst":
        return cast(BinaryIO, zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True))
    return file


def _reason(error: BaseException) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
