"""How many different things were seen, in a bounded and mergeable form: the K smallest of their hashes. Pure.

The K-th smallest of n evenly spread hashes tells n with a relative error of 1 / sqrt(K - 2); below K things the count
is exact. The smallest of two sets together are the smallest of their smallest, so parts merge in any order.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from struct import pack, unpack

KEPT = 256
"""6 % standard error; 2 KB at the most."""
_BYTES = 8
_ALL = 1 << 64
_BLANK = blake2b(digest_size=_BYTES)

Distinct = tuple[int, ...]
"""At most `KEPT` hashes, rising."""


def hashed(text: str) -> int:
    """64 even bits that are the same in every process and version. Case does not matter."""
    return all_hashed((text,))[0]


def all_hashed(texts: Iterable[str]) -> tuple[int, ...]:
    """`hashed` of each of many."""
    return from_bytes(b"".join(map(_digest, texts)))


def _digest(text: str) -> bytes:
    # A copy of a hash without input: two thirds of the price of a new one.
    begun = _BLANK.copy()
    begun.update(text.lower().encode("utf-8", "replace"))
    return begun.digest()


def merged(*parts: Iterable[int]) -> Distinct:
    """What was seen in any of `parts` (hashes in any order)."""
    return tuple(sorted(set().union(*parts))[:KEPT])


def count(seen: Distinct) -> int:
    """How many different things, exact below `KEPT`."""
    if len(seen) < KEPT:
        return len(seen)
    return round((KEPT - 1) * _ALL / (seen[-1] + 1))


def to_bytes(seen: Distinct) -> bytes:
    return pack(f">{len(seen)}Q", *seen)


def from_bytes(data: bytes) -> Distinct:
    return unpack(f">{len(data) // _BYTES}Q", data)
