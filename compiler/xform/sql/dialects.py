"""What differs between dialects below the level of syntax: how names are folded and quoted."""

from __future__ import annotations

CASE_SENSITIVE_WHEN_QUOTED = frozenset(
    ["materialize", "oracle", "postgres", "risingwave", "snowflake"]
)
UPPER_CASE = frozenset(["oracle", "snowflake"])
"""Dialects in which a name without quotes is one in upper case with them."""
CASE_SENSITIVE = frozenset(["clickhouse"])
ALIAS_FIRST = frozenset(["clickhouse"])
"""Dialects in which a name is an output of the SELECT before it is a column."""
RECURSION_GOES_UNSAID = frozenset(["fabric", "oracle", "snowflake", "tsql"])
"""Dialects in which a WITH may recur without the word RECURSIVE."""
CONDITIONAL = frozenset(["duckdb", "postgres"])
"""Dialects in which a JOIN without a condition is no query."""
OUTPUTLESS = frozenset(["materialize", "postgres", "risingwave"])
"""Dialects in which a query may have no column."""


_BIGQUERY = [
    "_partitiondate", "_partitiontime", "_table_suffix", "_file_name", "_change_type",
    "_change_timestamp",
]  # fmt: skip
_POSTGRES_SYSTEM = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"]
COLUMN_BY_FUNCTION = frozenset(["materialize", "postgres", "redshift", "risingwave"])
"""Dialects that call an output without an alias as its function is called."""
COLUMN_BY_NUMBER = {"athena": ("_col{}", True), "bigquery": ("f{}_", False),
                    "presto": ("_col{}", True), "trino": ("_col{}", True)}  # fmt: skip
"""Dialects that number outputs without an alias: how, and whether others count too."""
VALUES_COLUMNS = {
    "athena": ("_col", 0), "clickhouse": ("c", 1), "databricks": ("col", 1),
    "materialize": ("column", 1), "postgres": ("column", 1), "presto": ("_col", 0),
    "redshift": ("column", 1), "snowflake": ("column", 1), "spark": ("col", 1),
    "sqlite": ("column", 1), "trino": ("_col", 0),
}  # fmt: skip
"""What the columns of VALUES are called, and the number of the first; elsewhere `col0`."""
PSEUDO_COLUMNS: dict[str, frozenset[str]] = {
    "bigquery": frozenset(_BIGQUERY),
    "clickhouse": frozenset(["_part", "_part_index", "_part_offset", "_partition_id", "_table",
                             "_database", "_path", "_file", "_row_exists"]),
    "databricks": frozenset(["_metadata", "_change_type", "_commit_version",
                             "_commit_timestamp"]),
    "duckdb": frozenset(["rowid"]),
    "oracle": frozenset(["rowid", "rownum", "ora_rowscn"]),
    "postgres": frozenset(_POSTGRES_SYSTEM),
    "snowflake": frozenset(["metadata$action", "metadata$filename", "metadata$file_row_number",
                            "metadata$isupdate", "metadata$row_id"]),
    "spark": frozenset(["_metadata"]),
    "sqlite": frozenset(["rowid", "oid", "_rowid_"]),
    "trino": frozenset(["$path", "$file_modified_time", "$file_size", "$partition", "$bucket"]),
}  # fmt: skip
"""Columns that every table has and no star shows, by dialect: from the dialects' manuals."""


_EACH = ("key", "value")
_FLATTENED = ("SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS")
_SPARK = {"posexplode": ("pos", "col"), "posexplode_outer": ("pos", "col"), "range": ("id",)}
_POSTGRES = {
    "json_each": _EACH, "json_each_text": _EACH, "jsonb_each": _EACH, "jsonb_each_text": _EACH,
    "json_array_elements": ("value",), "json_array_elements_text": ("value",),
    "jsonb_array_elements": ("value",), "jsonb_array_elements_text": ("value",),
}  # fmt: skip
FUNCTION_COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "snowflake": {
        "explode": _FLATTENED, "flatten": _FLATTENED, "split_to_table": ("SEQ", "INDEX", "VALUE"),
    },
    "tsql": {
        "openjson": ("key", "value", "type"), "string_split": ("value", "ordinal"),
        "generate_series": ("value",),
    },
    "fabric": {"openjson": ("key", "value", "type"), "string_split": ("value", "ordinal")},
    "postgres": _POSTGRES,
    "redshift": _POSTGRES,
    "spark": _SPARK,
    "databricks": _SPARK,
    "hive": _SPARK,
    "clickhouse": {"numbers": ("number",), "numbers_mt": ("number",), "zeros": ("zero",)},
}  # fmt: skip
"""The columns of table functions, by dialect and name: from the dialects' manuals."""


_OTHER_NAMES = {
    "ansi": "", "mssql": "tsql", "postgresql": "postgres", "sparksql": "spark", "sqlserver": "tsql",
    "t-sql": "tsql",
}  # fmt: skip


def dialect_called(name: str) -> str:
    """A dialect by one of the names that people have for it, in any case."""
    folded = name.strip().lower()
    return _OTHER_NAMES.get(folded, folded)


def fold(name: str, quoted: bool, dialect: str) -> str:
    """The form in which two spellings of one identifier are equal.

    DuckDB and most engines ignore case even in quotes; some keep quoted names as they stand,
    ClickHouse all names. Snowflake and Oracle fold to upper case, the others to lower case.
    """
    if dialect in CASE_SENSITIVE or (quoted and dialect in CASE_SENSITIVE_WHEN_QUOTED):
        return name
    return name.upper() if dialect in UPPER_CASE else name.lower()


def quote(name: str) -> str:
    """An identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'
