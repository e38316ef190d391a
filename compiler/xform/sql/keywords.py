"""Which words of a text are keywords, told by themselves and by what stands beside them."""

from __future__ import annotations

RESERVED = frozenset(
    [
        *("all", "and", "any", "as", "asc", "between", "both", "by", "case", "cast", "collate"),
        *("cross", "desc", "distinct", "else", "end", "escape", "except", "exists", "false"),
        *("fetch", "for", "from", "full", "group", "having", "ilike", "in", "inner", "intersect"),
        *("into", "is", "join", "lateral", "leading", "like", "limit", "natural", "not", "null"),
        *("offset", "on", "only", "or", "order", "outer", "over", "partition", "pivot", "qualify"),
        *("select", "semi", "similar", "some", "table", "then", "trailing", "true", "union"),
        *("unpivot", "using", "values", "when", "where", "window", "with", "within"),
    ]
)
"""Words that are no names where they stand by themselves."""

OPENING = RESERVED.union(["exclude", "filter", "materialized", "rename", "replace", "sets"]) - {
    *("all", "any", "cast", "end", "exists", "false", "null", "some", "true", "table"),
}
"""Keywords with a space between them and a bracket."""

CONSTANTS = frozenset(["true", "false", "null", "end", "default"])
"""Keywords with which an operand ends."""

JOINING = frozenset(
    [
        *("natural", "asof", "positional", "global", "any", "cross", "inner", "left", "right"),
        *("full", "outer", "semi", "anti"),
    ]
)
"""Words that may stand before JOIN."""

_BY_NEXT = {
    "left": JOINING | {"join"}, "right": JOINING | {"join"}, "full": JOINING | {"join"},
    "asof": JOINING | {"join"}, "anti": {"join"}, "semi": {"join"}, "positional": {"join"},
    "nulls": {"first", "last"}, "current": {"row"}, "filter": {"("}, "recursive": set[str](),
    "unbounded": {"preceding", "following"}, "exclude": {"("}, "replace": {"("}, "rename": {"("},
    "rows": {"between", "unbounded", "current"}, "range": {"between", "unbounded", "current"},
    "groups": {"between", "unbounded", "current"}, "grouping": {"sets"}, "sample": set[str](),
}  # fmt: skip
_BY_PREVIOUS = {
    "first": {"nulls"}, "last": {"nulls"}, "row": {"current"}, "recursive": {"with"},
    "preceding": {"unbounded"}, "following": {"unbounded"}, "materialized": {"as", "not"},
    "sets": {"grouping"}, "sample": {"using"}, "exclude": {"*"}, "replace": {"*"},
    "rename": {"*"}, "filter": {")"},
}  # fmt: skip
"""Words that are keywords beside these alone. Those in both lists have to be so on both sides,
where the other has any."""
_NAMING = frozenset([".", ":=", "=>"])


def is_keyword(word: str, before: str, behind: str) -> bool:
    """Whether an unquoted word is a keyword, by what stands before and behind it; all three in
    lower case."""
    if before == "." or behind in _NAMING or (behind == ":" and word not in CONSTANTS):
        return False
    if before == "as" and word not in ("materialized", "not"):
        return False
    if word in RESERVED:
        return True
    after, ahead = _BY_PREVIOUS.get(word), _BY_NEXT.get(word)
    if after is None and ahead is None:
        return False
    return (not after or before in after) and (not ahead or behind in ahead)
