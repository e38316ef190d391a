"""What differs between dialects below the level of syntax: how names are folded and quoted."""

from __future__ import annotations

CASE_SENSITIVE_WHEN_QUOTED = frozenset(
    ["postgres", "redshift", "snowflake", "oracle", "trino", "presto", "athena", "clickhouse"]
)


def fold(name: str, quoted: bool, dialect: str) -> str:
    """The form in which two spellings of one identifier are equal.

    DuckDB and most engines ignore case even in quotes; those that do not keep quoted names as
    they stand. (Snowflake folds to upper case; lower case serves as well to compare.)
    """
    if quoted and dialect in CASE_SENSITIVE_WHEN_QUOTED:
        return name if name != name.upper() or dialect != "snowflake" else name.lower()
    return name.lower()


def quote(name: str) -> str:
    """An identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'
