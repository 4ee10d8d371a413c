"""Unpacking what a host compressed, however it arrives."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable

import lz4.frame
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import HostError, HostUnreachable
from bot.pmta.compression import Compression, Unpacked, best

PACK: dict[Compression, Callable[[bytes], bytes]] = {
    Compression.ZSTD: zstandard.ZstdCompressor(1, write_checksum=True).compress,
    Compression.LZ4: lambda data: bytes(lz4.frame.compress(data, content_checksum=True)),
    Compression.GZIP: lambda data: gzip.compress(data, 1),
    Compression.PLAIN: bytes,
}
PACKED = [each for each in Compression if each is not Compression.PLAIN]
TEXT = random.Random(1).randbytes(3000) * 9 + b"\n" * 300_000


def parts(data: bytes, cuts: list[int]) -> list[bytes]:
    """`data` cut up; a cut that comes twice makes an empty part."""
    ends = [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(st.sampled_from(list(Compression)), st.lists(st.integers(0, 1 << 40), max_size=30), st.integers(700, 200_000))
def test_any_cutting_on_the_way_gives_the_same_bytes(compression: Compression, cuts: list[int], portion: int) -> None:
    stream = Unpacked("mta1", parts(PACK[compression](TEXT), cuts), compression)
    found = b""
    while block := stream.read(portion):
        assert len(block) == portion or len(found) + len(block) == len(TEXT)
        found += block
    assert found == TEXT


def test_parts_that_hold_nothing_yet_are_not_the_end() -> None:
    """A header alone unpacks to nothing: taken for the end it would lose all that follows."""
    packed = PACK[Compression.ZSTD](TEXT)
    stream = Unpacked("mta1", [packed[:4], b"", packed[4:6], b"", packed[6:]], Compression.ZSTD)
    assert stream.read(len(TEXT)) == TEXT


@pytest.mark.parametrize("compression", PACKED)
@pytest.mark.parametrize("said", [b"zstd: error 70 : Write error : No space left on device", b"\0" * 100])
def test_what_is_no_such_data_is_named(compression: Compression, said: bytes) -> None:
    stream = Unpacked("mta1", [said], compression)
    tool = compression.value
    with pytest.raises(HostError, match=rf"^mta1: {tool} data expected from `{tool} -1`, found b'"):
        stream.read(100)


@pytest.mark.parametrize("compression", PACKED)
@given(place=st.integers(0, 1 << 40))
def test_a_byte_that_changed_on_the_way_is_never_taken_for_data(compression: Compression, place: int) -> None:
    packed = bytearray(PACK[compression](TEXT))
    packed[place % len(packed)] ^= 0xFF
    stream = Unpacked("mta1", [bytes(packed)], compression)
    found = b""
    try:
        while block := stream.read(len(TEXT)):
            found += block
    except HostError:
        return
    # gzip's time stamp and the like mean nothing; zstd's end may be missing
    assert found == TEXT[: len(found)]


def test_what_breaks_the_connection_comes_through() -> None:
    def cut() -> bytes:
        raise HostUnreachable("mta1", "the connection is lost.")

    for compression in Compression:
        stream = Unpacked("mta1", iter(cut, b""), compression)
        with pytest.raises(HostUnreachable):
            stream.read(1)


@pytest.mark.parametrize("compression", PACKED)
def test_little_that_unpacks_to_very_much_is_read_in_portions(compression: Compression) -> None:
    packed = PACK[compression](b"\0" * (256 << 20))
    stream = Unpacked("mta1", [packed], compression)
    assert stream.read(1000) == b"\0" * 1000
    assert len(stream.read(1 << 20)) == 1 << 20


@pytest.mark.parametrize(
    ("tools", "slow_link", "expected"),
    [
        (("zstd", "lz4", "gzip"), False, Compression.ZSTD),
        (("gzip", "lz4"), False, Compression.LZ4),
        (("gzip",), False, Compression.PLAIN),
        (("gzip",), True, Compression.GZIP),
        (("lz4", "gzip"), True, Compression.LZ4),
        ((), True, Compression.PLAIN),
    ],
)
def test_which_is_taken(tools: tuple[str, ...], slow_link: bool, expected: Compression) -> None:
    assert best(tools, slow_link=slow_link) is expected
