"""Which listed file is which known one: by inode where its bytes agree, by content where a file was copied or packed.

Pure. A position's fingerprint is taken of the bytes just before its offset, so it costs no reading of its own: a
read begins that much earlier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import PurePosixPath

from bot.core.model import FilePosition
from bot.pmta.listing import PACKED, ListedFile, Listing

OVERLAP = 64
"""Bytes before an offset that are looked at. Records hold times and ids: two files hardly share them at one place."""


_AROUND_HEADER = 5  # byte order mark and line end


def overlap(position: FilePosition) -> int:
    """How many bytes before its offset its fingerprint is of."""
    return min(OVERLAP, position.offset)


def fingerprint(before: bytes) -> str:
    """Of the bytes before an offset; only the last ones count."""
    return blake2b(before[-OVERLAP:], digest_size=8).hexdigest() if before else ""


def agrees(position: FilePosition, before: bytes) -> bool:
    """True where `before`, found in front of the offset, is what was read there; without a fingerprint at least a
    line must end there."""
    if position.fingerprint:
        return fingerprint(before) == position.fingerprint
    return before.endswith(b"\n") or not position.offset


@dataclass(frozen=True, slots=True)
class Match:
    """`known`: files with the position they are read on from (its path is the file's now); `fresh`: files never
    seen, or cut; `orphans`: positions whose file is not listed, or holds fewer bytes than were read."""

    known: tuple[tuple[ListedFile, FilePosition], ...]
    fresh: tuple[ListedFile, ...]
    orphans: tuple[FilePosition, ...]


def match(files: Sequence[ListedFile], positions: Sequence[FilePosition]) -> Match:
    """Pair files and positions by inode. A packed file is never the heir of a plain one by inode."""
    left = list(positions)
    known: list[tuple[ListedFile, FilePosition]] = []
    fresh = []
    # The file that kept its name first: another device may give the same inode number away.
    names = {(position.path, position.inode) for position in positions}
    for file in sorted(files, key=lambda each: (each.path, each.inode) not in names):
        found = _same_inode(file, left)
        if found is None or not _goes_on(file, found):
            fresh.append(file)
            continue
        left.remove(found)
        known.append((file, replace(found, path=file.path)))
    return Match(tuple(known), tuple(fresh), tuple(left))


def _same_inode(file: ListedFile, positions: Sequence[FilePosition]) -> FilePosition | None:
    same = [known for known in positions if known.inode == file.inode and is_packed(known) == file.packed]
    moved = (known for known in same if tells_apart(known))
    return next((known for known in same if known.path == file.path), next(moved, None))


def tells_apart(position: FilePosition) -> bool:
    """False where nothing but a header was read, which many files have alike; then nothing was counted either."""
    return position.offset > len(position.header.encode()) + _AROUND_HEADER


def _goes_on(file: ListedFile, known: FilePosition) -> bool:
    if file.packed:
        return abs(known.packed) in (0, file.size)
    # Of a moved file without a byte to read the bytes would never be looked at; as a fresh one they are.
    return file.size > known.offset or (file.size == known.offset and file.path == known.path)


def is_packed(position: FilePosition) -> bool:
    return position.path.endswith(PACKED)


def has_plain_twin(file: ListedFile, files: Sequence[ListedFile]) -> bool:
    """True while the file that a packed one was made of is still there: then that one is read."""
    name = _plain_name(file.path)
    return file.packed and any(not other.packed and _plain_name(other.path) == name for other in files)


def ancestors(file: ListedFile, orphans: Sequence[FilePosition]) -> list[FilePosition]:
    """The orphans that a fresh file may be a copy of: those of its name first; the bytes have the last word."""
    name = _plain_name(file.path)
    possible = [
        each
        for each in orphans
        if tells_apart(each) and (each.fingerprint or _plain_name(each.path) == name) and _long_enough(file, each)
    ]
    return sorted(possible, key=lambda each: (_plain_name(each.path) != name, -each.offset))


def _long_enough(file: ListedFile, orphan: FilePosition) -> bool:
    return file.packed or file.size >= orphan.offset


def _plain_name(path: str) -> str:
    return PurePosixPath(path).name.removesuffix(PACKED)


def out_of_sight(orphan: FilePosition, listing: Listing) -> bool:
    """True where its file may still be there: it may not be read now, or nothing at all is seen in its folder (a
    disk that is not mounted)."""
    folder = orphan.path.rpartition("/")[0]
    return listing.hides(orphan.path) or all(file.path.rpartition("/")[0] != folder for file in listing.files)
