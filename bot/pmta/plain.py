"""Pieces of accounting files that polars provably reads as csv does."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from bot.core.accounting import RECORD_LIMIT, Header

_MARK = 2
_QUOTE, _COMMA, _LF = b'",\n'


def read_plain(piece: bytes, header: Header, wanted: Mapping[str, str]) -> pl.DataFrame | None:
    """The `wanted` columns (our name -> title) of a piece of whole lines, or None where csv might read others.

    Proof that it does not: no byte that one of the two treats specially, quotes only where RFC 4180 has them
    (`_quotes_in_place`), and a mark, put at the end of every line as one more field, stands in column n + 1 of
    every row, so every row has n fields. (polars alone would fill and cut ragged rows silently.) A carriage
    return alone, which ends a row for csv and not for polars, gets a mark that is not in its place.
    """
    width = len(header.names)
    if width < 2 or piece.startswith(b"\xef\xbb\xbf") or _has_long_line(piece):
        return None
    end = b"\r" if b"\r" in piece else b"\n"
    marked = piece.replace(end, b",\x02" + end)
    lines = (len(marked) - len(piece)) // 2
    whole = pl.Series([marked])
    octets = whole.cast(pl.List(pl.UInt8)).explode()
    # NUL ends a text for one of the two; other marks than ours would not be told from them.
    if (octets <= _MARK).sum() != lines or not _quotes_in_place(octets):
        return None
    places = {name: header.column(title) for name, title in wanted.items()}
    columns = {name: f"column_{place + 1}" for name, place in places.items() if place is not None}
    schema = {f"column_{n}": pl.String for n in range(1, width + 2)}
    picked = [(pl.col(columns[name]) if name in columns else pl.lit("")).alias(name) for name in wanted]
    marks = (pl.col(f"column_{width + 1}") == chr(_MARK)).alias("marked")
    try:
        if not marked.isascii():
            whole.cast(pl.String)
        rows = pl.scan_csv(marked, has_header=False, schema=schema, empty_string_is_null=False)
        table = rows.select(marks, *picked).collect()
    except pl.exceptions.PolarsError:
        return None
    broken = table.height != lines
    if broken and table.height != lines - _inside_quotes(octets, end[0]):
        return None
    if not table["marked"].all():
        return None
    table = table.drop("marked").rechunk()
    return table.with_columns(pl.all().str.replace_all(f",{chr(_MARK)}", "", literal=True)) if broken else table


def _has_long_line(piece: bytes) -> bool:
    """True where a record might be longer than the limit: some half of a limit's length holds no line end."""
    half = RECORD_LIMIT // 2
    return any(piece.find(b"\n", at, at + half) < 0 for at in range(0, len(piece) - half, half))


def _quotes_in_place(octets: pl.Series) -> bool:
    """True where every quote is one that RFC 4180 has.

    By turns a quote opens and closes; a doubled one closes and opens again. One that opens stands behind a comma
    or a line end, one that closes before a comma: the one in front of the mark, at the end of a line.
    """
    quotes = octets == _QUOTE
    before = octets.slice(0, len(octets) - 1).filter(quotes.slice(1))
    if quotes[0]:
        before = pl.concat([pl.Series([_LF], dtype=pl.UInt8), before])
    if len(before) % 2:
        return False
    opened, closed = before.gather_every(2), _after(octets, quotes).gather_every(2, 1)
    opens = (opened == _COMMA) | (opened == _LF) | (opened == _QUOTE)
    return opens.all() and ((closed == _COMMA) | (closed == _QUOTE)).all()


def _after(octets: pl.Series, mask: pl.Series) -> pl.Series:
    """The octet behind each one in `mask`; the last one of all is a line end and has none."""
    return octets.slice(1).filter(mask.slice(0, len(mask) - 1))


def _inside_quotes(octets: pl.Series, octet: int) -> int:
    """How many of the `octet`s stand inside quotes: behind an odd number of them."""
    quotes = (octets == _QUOTE).arg_true()
    return int((quotes.search_sorted((octets == octet).arg_true()) % 2).sum())
