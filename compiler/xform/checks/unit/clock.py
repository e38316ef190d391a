"""The clock of a unit test: what asks for the time is replaced by the time that the test says.

Done in the text of a query, so that the rest of it runs as it is written. What a comment or a
text holds, and what is a name, stays.
"""

from __future__ import annotations

import re

_DATE = ("current_date", "today", "curdate")
_TIME = ("current_time", "localtime", "get_current_time", "current_localtime")
_LOCAL = ("localtimestamp", "current_localtimestamp", "current_datetime", "sysdate")
_ZONED = (
    "now",
    "current_timestamp",
    "get_current_timestamp",
    "transaction_timestamp",
    "statement_timestamp",
    "clock_timestamp",
    "getdate",
    "systimestamp",
)
_KINDS = {
    **dict.fromkeys(_DATE, "date"),
    **dict.fromkeys(_TIME, "time"),
    **dict.fromkeys(_LOCAL, "timestamp"),
    **dict.fromkeys(_ZONED, "timestamp with time zone"),
}
_BARE = frozenset(
    ["current_date", "current_time", "localtime", "current_timestamp", "localtimestamp", "sysdate"]
)
"""Those that need no brackets."""

_WORDS = "|".join(sorted(_KINDS, key=len, reverse=True))
_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | \$(\w*)\$.*?\$\1\$ |"""
    rf"""(?P<before>\.\s*|\bas\s+)?\b(?P<word>{_WORDS})\b(?P<call>\s*\(\s*(?:\d+|'[^']*')?\s*\))?""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


def frozen(sql: str, time: str) -> str:
    """`sql` as if it were `time` (`YYYY-MM-DD HH:MM:SS`, by the clock of the session)."""

    def replaced(found: re.Match[str]) -> str:
        word = found["word"]
        if word is None or found["before"]:
            return found[0]
        name = word.lower()
        if found["call"] is None and name not in _BARE:
            return found[0]
        kind = _KINDS[name]
        value = {"date": time[:10], "time": time[11:]}.get(kind, time)
        return f"cast('{value}' as {kind})"

    return _TOKEN.sub(replaced, sql)
