"""What the compiler must know of functions: which aggregate, which depend on order, on the clock.

`functions.json` beside this file is data, made by `compiler/dev/functions.py` from DuckDB's own
`duckdb_functions()`, with the types that each takes and gives; the sets below add what the engine
does not say of itself. A function that stands nowhere is taken for a plain scalar function.
"""

from __future__ import annotations

from functools import cache
from pkgutil import get_data

import msgspec

from xform.sql.ir import FLAG_AGGREGATE, FLAG_CLOCK_DAY, FLAG_CLOCK_RUN, FLAG_ORDERED, FLAG_UNNEST

ORDER_SENSITIVE = frozenset(
    [
        "any_value",
        "arbitrary",
        "array_agg",
        "first",
        "first_value",
        "group_concat",
        "histogram",
        "last",
        "last_value",
        "list",
        "list_agg",
        "listagg",
        "string_agg",
        "arg_max",
        "arg_min",
        "argmax",
        "argmin",
        "max_by",
        "min_by",
        "mode",
        "arg_max_null",
        "arg_min_null",
        "arg_max_nulls_last",
        "arg_min_nulls_last",
        "approx_top_k",
        "lttb",
        "reservoir_quantile",
        "approx_quantile",
        "json_group_array",
        "json_group_object",
        "json_group_structure",
        "variant_group_array",
        "nth_value",
    ]
)
WINDOW_ORDER_SENSITIVE = frozenset(
    [
        "row_number",
        "rank",
        "dense_rank",
        "percent_rank",
        "cume_dist",
        "ntile",
        "lag",
        "lead",
        "fill",
    ]
)
CLOCK_DAY = frozenset(["current_date", "currentdate", "today", "curdate"])
CLOCK_RUN = frozenset(
    [
        "now",
        "current_timestamp",
        "current_time",
        "localtime",
        "localtimestamp",
        "get_current_time",
        "ago",
        "get_current_timestamp",
        "transaction_timestamp",
        "statement_timestamp",
        "clock_timestamp",
        "current_localtime",
        "current_localtimestamp",
        "current_datetime",
        "getdate",
        "sysdate",
        "systimestamp",
        "currentdatetime",
        "currenttime",
        "currenttimestamp",
        "currentuser",
        "currentrole",
        "currentcatalog",
        "sessionuser",
        "current_role",
        "in_search_path",
        "version",
        "getenv",
        "current_user",
        "session_user",
        "user",
        "current_setting",
        "getvariable",
        "current_database",
        "current_schema",
        "current_schemas",
        "current_catalog",
        "txid_current",
        "pg_conf_load_time",
        "pg_postmaster_start_time",
        "rand",
        "uuid_string",
        "generate_uuid",
        "newid",
        "newsequentialid",
    ]
)
UNNESTING = frozenset(
    [
        "arrayjoin",
        "explode",
        "explode_outer",
        "flatten",
        "generate_subscripts",
        "inline",
        "inline_outer",
        "json_tuple",
        "posexplode",
        "posexplode_outer",
        "regexp_split_to_table",
        "stack",
        "unnest",
    ]
)
AGGREGATES_ELSEWHERE = frozenset(
    [
        "array_concat_agg",
        "array_unique_agg",
        "bitand_agg",
        "bitor_agg",
        "booland_agg",
        "boolor_agg",
        "collect_list",
        "collect_set",
        "every",
        "geomean",
        "geometric_mean",
        "hll_count",
        "logical_and",
        "logical_or",
        "object_agg",
        "percentile",
        "percentile_cont",
        "percentile_disc",
        "approx_percentile",
        "approx_distinct",
        "count_big",
        "json_agg",
        "json_group_array",
        "json_group_object",
        "json_group_structure",
        "jsonb_agg",
        "json_object_agg",
        "jsonb_object_agg",
        "max_if",
        "min_if",
        "sum_if",
        "sumif",
        "avgif",
        "variant_group_array",
        "wavg",
        "weighted_avg",
        "xmlagg",
        "grouping",
        "grouping_id",
    ]
)


class Overload(msgspec.Struct, frozen=True, array_like=True):
    """Types of the parameters, of further arguments ("" where there can be none), of the result,
    as DuckDB names them in lower case; T, K and V stand for whatever the arguments are."""

    parameters: tuple[str, ...]
    others: str
    result: str


class Function(msgspec.Struct, frozen=True):
    """`kind` is scalar, aggregate, window or macro."""

    kind: str
    volatile: bool
    overloads: tuple[Overload, ...]


@cache
def catalogue() -> dict[str, Function]:
    """The functions of DuckDB, by name."""
    text = get_data("xform.sql", "functions.json")
    assert text is not None
    return msgspec.json.decode(text, type=dict[str, Function])


def overloads(name: str) -> tuple[Overload, ...]:
    """The overloads of a function; none where it is not known, or a macro."""
    function = catalogue().get(name)
    return function.overloads if function is not None else ()


PURE_IN_FROM = frozenset(
    ["generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"]
)
"""Table functions that are decided by their arguments alone; the others count as volatile."""


SYNTAX = frozenset(
    ["columns", "count_star", "exists", "if", "percentile_cont", "percentile_disc", "position",
     "struct_pack", "try", "unnest"]
)  # fmt: skip
"""What looks like a function and is none that DuckDB lists."""


OF_EXTENSIONS = ("st_", "h3_", "iceberg_", "mysql_", "postgres_", "sqlite_", "vss_", "fts_")
"""How names of functions begin that extensions bring which are not part of every DuckDB."""


def is_known(name: str) -> bool:
    """Whether DuckDB knows a function of this name, or may with an extension."""
    return (
        name in catalogue()
        or name.startswith(OF_EXTENSIONS)
        or name in SYNTAX
        or name in CLOCK_DAY
        or name in CLOCK_RUN
        or name in UNNESTING
        or name in AGGREGATES_ELSEWHERE
        or name in PURE_IN_FROM
    )


def is_scalar(name: str) -> bool:
    """Whether DuckDB knows a function of this name that is no aggregate. What it does not know
    may be anything: a macro, a function of an extension."""
    function = catalogue().get(name)
    return function is not None and function.kind == "scalar"


def is_window(name: str) -> bool:
    """Whether DuckDB has a function of this name over windows alone."""
    function = catalogue().get(name)
    return function is not None and function.kind == "window"


@cache
def flags_of(name: str, arguments: int = 0) -> int:
    """The FLAG_ bits of a function, by its folded name and its number of arguments."""
    known = catalogue().get(name)
    flags = 0
    if name in AGGREGATES_ELSEWHERE or (known is not None and known.kind == "aggregate"):
        flags |= FLAG_AGGREGATE
    if name in ORDER_SENSITIVE or name in WINDOW_ORDER_SENSITIVE:
        flags |= FLAG_ORDERED
    if name in CLOCK_DAY or (name == "age" and arguments == 1):
        flags |= FLAG_CLOCK_DAY
    if name in CLOCK_RUN or (known is not None and known.volatile):
        flags |= FLAG_CLOCK_RUN
    if name in UNNESTING:
        flags |= FLAG_UNNEST
    return flags
