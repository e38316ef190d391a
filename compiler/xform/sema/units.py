"""Units of time that calls name: `date_trunc('month', d)`, `extract(year FROM d)`."""

from __future__ import annotations

from xform.sql.ir import Op, Text

UNITS = frozenset(
    [
        "c", "cent", "centuries", "century", "d", "day", "dayofmonth", "dayofweek", "dayofyear",
        "days", "dec", "decade", "decades", "decs", "dow", "doy", "epoch", "era", "h", "hour",
        "hours", "hr", "hrs", "isodow", "isoyear", "jd", "julian", "m", "microsecond",
        "microseconds", "mil", "millenium", "millenniums", "millennia", "millennium",
        "millisecond", "milliseconds", "mils", "min", "mins", "minute", "minutes", "mon", "mons",
        "month", "months", "ms", "msec", "msecs", "quarter", "quarters", "s", "sec", "second",
        "seconds", "secs", "timezone", "timezone_hour", "timezone_minute", "us", "usec", "usecond",
        "useconds", "usecs", "w", "week", "weekday", "weekofyear", "weeks", "y", "year", "years",
        "yearweek", "yr", "yrs",
    ]
)  # fmt: skip
"""Those that DuckDB knows, in lower case."""
_CALLS = frozenset(
    ["date_diff", "date_part", "date_sub", "date_trunc", "datediff", "datepart", "datesub",
     "datetrunc", "extract"]
)  # fmt: skip
"""What takes a unit as its first argument."""
_WORD = "var "
"""Before a unit that is written without quotes."""


def unknown_unit(expr: Op) -> tuple[str, Text] | None:
    """The unit that a call names, and its place in the form, if there is none such."""
    if expr.tag not in _CALLS or not expr.args or type(expr.args[0]) is not Text:
        return None
    text = expr.args[0].text
    if text.startswith(_WORD):
        unit = text.removeprefix(_WORD).lower()  # the parser writes it in capitals
    elif text[:1] == "'":
        unit = text.strip("'")
    else:
        return None
    return None if unit.lower() in UNITS else (unit, expr.args[0])
