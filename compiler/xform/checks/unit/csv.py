"""CSV as unit tests hold it (RFC 4180), with the line of every record.

A field with nothing in it is NULL; one of quotes alone (`""`) is the empty text. Spaces around
fields without quotes are no part of them, and empty lines are skipped.
"""

from __future__ import annotations

from typing import NamedTuple


class Record(NamedTuple):
    line: int
    """Of the text, from 1."""
    fields: tuple[str | None, ...]


class CsvError(NamedTuple):
    line: int
    message: str


def read_csv(text: str) -> tuple[list[Record], CsvError | None]:
    """The records of a text up to the first thing in it that is wrong."""
    records: list[Record] = []
    at, line, size = 0, 1, len(text)
    while at < size:
        first = line
        fields: list[str | None] = []
        while True:
            while at < size and text[at] in " \t":
                at += 1
            if at < size and text[at] == '"':
                end = _closing(text, at + 1)
                if end < 0:
                    return records, CsvError(line, "a quote is not closed")
                field = text[at + 1 : end].replace('""', '"')
                line += field.count("\n")
                fields.append(field)
                at = end + 1
                while at < size and text[at] in " \t":
                    at += 1
                if at < size and text[at] not in ",\r\n":
                    return records, CsvError(line, "text behind a closing quote")
            else:
                end = at
                while end < size and text[end] not in ",\r\n":
                    end += 1
                fields.append(text[at:end].rstrip(" \t") or None)
                at = end
            if at < size and text[at] == ",":
                at += 1
                continue
            break
        if at < size:
            at += 2 if text.startswith("\r\n", at) else 1
            line += 1
        if fields != [None]:
            records.append(Record(first, tuple(fields)))
    return records, None


def _closing(text: str, at: int) -> int:
    """The quote that closes a field, -1 where there is none."""
    while True:
        end = text.find('"', at)
        if end < 0 or not text.startswith('""', end):
            return end
        at = end + 2
