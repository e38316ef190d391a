"""Types of values. Equal types are one object, so they are compared by `is` and cheap as keys.

A type is written as DuckDB writes it, in lower case: `decimal(18,3)`, `varchar[]`, `integer[3]`,
`struct(a integer, b varchar)`, `map(varchar, integer)`, `enum('a', 'b')`. Names of fields and
values of enums keep their case. `unknown` is a type too, and fits anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from xform.sema.facts import UNKNOWN_TYPE

NESTED = frozenset(["array", "list", "map", "struct", "tuple", "union"])
_PLAIN_FIELD = re.compile(r"[a-z_][a-z0-9_$]*")


class Type:
    """A type.

    `name` tells which; `inner` are the types it is made of, `labels` the names of a struct's
    fields or the values of an enum, `numbers` a decimal's width and scale or an array's length.
    `literal` is set for what was written as a constant and takes the type that its surroundings
    ask for: `integer` or `text`; of whole numbers, `numbers` holds the value.
    """

    __slots__ = ("inner", "labels", "literal", "name", "numbers", "text")

    def __init__(
        self,
        name: str,
        inner: tuple[Type, ...],
        labels: tuple[str, ...],
        numbers: tuple[int, ...],
        literal: str,
    ) -> None:
        self.name = name
        self.inner = inner
        self.labels = labels
        self.numbers = numbers
        self.literal = literal
        self.text = _text(self)

    def __repr__(self) -> str:
        return f"Type({self.text!r})"


def make(
    name: str,
    inner: tuple[Type, ...] = (),
    labels: tuple[str, ...] = (),
    numbers: tuple[int, ...] = (),
    literal: str = "",
) -> Type:
    """The one type of these parts."""
    key = (name, inner, labels, numbers, literal)
    type_ = _KNOWN.get(key)
    if type_ is None:
        type_ = _KNOWN.setdefault(key, Type(*key))
    return type_


_KNOWN: dict[tuple[object, ...], Type] = {}


def _text(type_: Type) -> str:
    inner = [part.text for part in type_.inner]
    match type_.name:
        case "decimal":
            return f"decimal({type_.numbers[0]},{type_.numbers[1]})"
        case "list":
            return f"{inner[0]}[]"
        case "array":
            return f"{inner[0]}[{type_.numbers[0]}]"
        case "map" | "tuple":
            return f"{type_.name}({', '.join(inner)})"
        case "struct" | "union" if type_.labels:
            fields = zip(type_.labels, inner, strict=True)
            return f"{type_.name}({', '.join(f'{_field(n)} {t}' for n, t in fields)})"
        case "enum" if type_.labels:
            values = ["'" + value.replace("'", "''") + "'" for value in type_.labels]
            return f"enum({', '.join(values)})"
        case _:
            return type_.name


def _field(name: str) -> str:
    return name if _PLAIN_FIELD.fullmatch(name) else '"' + name.replace('"', '""') + '"'


UNKNOWN = make(UNKNOWN_TYPE)
NULL = make("null")
BOOLEAN = make("boolean")
TINYINT = make("tinyint")
SMALLINT = make("smallint")
INTEGER = make("integer")
BIGINT = make("bigint")
HUGEINT = make("hugeint")
UBIGINT = make("ubigint")
BIGNUM = make("bignum")
FLOAT = make("float")
DOUBLE = make("double")
VARCHAR = make("varchar")
BLOB = make("blob")
DATE = make("date")
TIME = make("time")
TIMETZ = make("time with time zone")
TIMESTAMP = make("timestamp")
TIMESTAMPTZ = make("timestamp with time zone")
INTERVAL = make("interval")
UUID = make("uuid")
JSON = make("json")
TEXT_LITERAL = make("varchar", literal="text")

WIDEST = 38
"""The most digits that a decimal has."""
RANGES = {
    "tinyint": (-(2**7), 2**7 - 1),
    "smallint": (-(2**15), 2**15 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
    "hugeint": (-(2**127), 2**127 - 1),
    "utinyint": (0, 2**8 - 1),
    "usmallint": (0, 2**16 - 1),
    "uinteger": (0, 2**32 - 1),
    "ubigint": (0, 2**64 - 1),
    "uhugeint": (0, 2**128 - 1),
}
"""Whole numbers, with the smallest and the largest."""
DIGITS = {
    "tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "hugeint": 38,
    "utinyint": 3, "usmallint": 5, "uinteger": 10, "ubigint": 20, "uhugeint": 38,
}  # fmt: skip
"""How many digits a decimal needs to hold one."""
NUMERIC = frozenset([*RANGES, "decimal", "float", "double", "bignum"])
TEMPORAL = frozenset(
    [
        "date", "timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns",
        "timestamp with time zone",
    ]
)  # fmt: skip


def decimal(width: int, scale: int) -> Type:
    return make("decimal", numbers=(width, scale))


def list_of(item: Type) -> Type:
    return make("list", (settled(item),))


def array_of(item: Type, length: int) -> Type:
    return make("array", (settled(item),), numbers=(length,))


def map_of(key: Type, value: Type) -> Type:
    return make("map", (settled(key), settled(value)))


def struct(names: tuple[str, ...], types: tuple[Type, ...]) -> Type:
    return make("struct", tuple(settled(type_) for type_ in types), names)


def whole(value: int) -> Type:
    """A whole number as written."""
    for name in ("integer", "bigint", "hugeint"):
        low, high = RANGES[name]
        if low <= value <= high:
            return make(name, numbers=(value,), literal="integer")
    return BIGNUM


def settled(type_: Type) -> Type:
    """The type that a literal has where nothing asks for another one."""
    return make(type_.name) if type_.literal else type_


def is_known(type_: Type) -> bool:
    """Whether a type is known to its last part."""
    return type_ is not UNKNOWN and all(is_known(part) for part in type_.inner)


# Reading -----------------------------------------------------------------------------------------

ALIASES = {
    **dict.fromkeys(["int", "int4", "signed", "integral"], "integer"),
    **dict.fromkeys(["int8", "long", "oid"], "bigint"),
    **dict.fromkeys(["int2", "short"], "smallint"),
    "int1": "tinyint",
    "int128": "hugeint",
    "uint8": "utinyint",
    "uint16": "usmallint",
    **dict.fromkeys(["uint", "uint32"], "uinteger"),
    "uint64": "ubigint",
    "uint128": "uhugeint",
    **dict.fromkeys(["bool", "logical"], "boolean"),
    **dict.fromkeys(["real", "float4"], "float"),
    **dict.fromkeys(["float8", "double precision"], "double"),
    **dict.fromkeys(["numeric", "dec"], "decimal"),
    **dict.fromkeys(["text", "string", "char", "bpchar", "nvarchar"], "varchar"),
    **dict.fromkeys(["bytea", "binary", "varbinary"], "blob"),
    "bitstring": "bit",
    "varint": "bignum",
    **dict.fromkeys(
        ["datetime", "timestampntz", "timestamp_us", "timestamp without time zone"], "timestamp"
    ),
    **dict.fromkeys(["timestamptz", "timestamp_tz"], "timestamp with time zone"),
    "timetz": "time with time zone",
    "time without time zone": "time",
    "row": "struct",
    "guid": "uuid",
    '"null"': "null",
}
"""Other words for types: DuckDB's, and those that the parser uses."""
PLAIN = frozenset(
    [
        *RANGES, "bignum", "bit", "blob", "boolean", "date", "double", "float", "geometry",
        "interval", "json", "null", "time", "time with time zone", "time_ns", "timestamp",
        "timestamp with time zone", "timestamp_ms", "timestamp_ns", "timestamp_s",
        "timestamptz_ns", "uuid", "varchar", "variant",
    ]
)  # fmt: skip
_TOKEN = re.compile(r"""\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|[\w$]+|[()\[\],])""")


@cache
def read(text: str) -> Type:
    """The type that a text names; UNKNOWN where it names none that is known."""
    tokens: list[str] = []
    at = 0
    while at < len(text) and (found := _TOKEN.match(text, at)) is not None:
        tokens.append(found[1])
        at = found.end()
    if text[at:].strip():
        return UNKNOWN
    reader = _Reader(tokens)
    try:
        type_ = reader.type()
    except (IndexError, ValueError):
        return UNKNOWN
    return type_ if reader.at == len(tokens) else UNKNOWN


def normal(text: str | None) -> str:
    """A type as it is written here, whatever words were used for it; what is not known stays."""
    if not text:
        return UNKNOWN_TYPE
    type_ = read(text)
    return type_.text if type_ is not UNKNOWN else text.lower()


class _Reader:
    """Reads a type from tokens. Raises IndexError or ValueError on what is none."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def type(self) -> Type:
        as_array = self.peek().lower() == "array"
        type_ = self._one()
        while self.peek() == "[":
            self.take()
            if self.peek() == "]":
                type_ = list_of(type_)
            elif as_array:  # the parser's `array(integer)[3]`
                type_ = array_of(type_.inner[0], int(self.take()))
            else:
                type_ = array_of(type_, int(self.take()))
            as_array = False
            if self.take() != "]":
                raise ValueError
        return type_

    def _one(self) -> Type:
        words = [self.take().lower()]
        while self.peek() not in ("", "(", ")", "[", "]", ","):
            words.append(self.take().lower())
        name = " ".join(words)
        name = ALIASES.get(name, name)
        arguments = list(self._arguments(name)) if self.peek() == "(" else []
        while self.peek() not in ("", "(", ")", "[", "]", ","):  # timestamp(3) with time zone
            name = f"{name} {self.take().lower()}"
        return self._named(ALIASES.get(name, name), arguments)

    def _arguments(self, name: str) -> Iterator[tuple[str, Type | None]]:
        """What stands in parentheses: labels, with types where the type has fields."""
        self.take()
        while self.peek() != ")":
            if name in ("struct", "union"):
                label = self.take()
                if self.peek() in (",", ")", "(", "["):  # fields without names
                    self.at -= 1
                    yield "", self.type()
                else:
                    yield _unquoted(label), self.type()
            elif name in ("map", "tuple", "list", "array"):
                yield "", self.type()
            else:
                yield _unquoted(self.take()), None
            if self.peek() == ",":
                self.take()
        self.take()

    def _named(self, name: str, arguments: list[tuple[str, Type | None]]) -> Type:
        labels = tuple(label for label, _ in arguments)
        inner = tuple(type_ for _, type_ in arguments if type_ is not None)
        match name:
            case "decimal":
                numbers = [int(label) for label in labels]
                width = numbers[0] if numbers else 18
                scale = numbers[1] if len(numbers) > 1 else 0 if numbers else 3
                return decimal(width, scale)
            case "struct" | "union":
                if not any(labels):
                    return make("tuple", inner)
                return make(name, inner, labels) if inner else UNKNOWN
            case "map":
                return make(name, inner) if len(inner) == 2 else UNKNOWN
            case "tuple":
                return make(name, inner)
            case "list" | "array":
                return list_of(inner[0]) if len(inner) == 1 else UNKNOWN
            case "enum":
                return make(name, labels=labels) if labels else UNKNOWN
            case "timestamp" if labels:
                steps = ("timestamp_s", "timestamp_ms", "timestamp", "timestamp_ns")
                return make(steps[(int(labels[0]) + 2) // 3])
            case _:
                return make(name) if name in PLAIN else UNKNOWN


def _unquoted(text: str) -> str:
    quote = text[:1]
    if quote in ("'", '"'):
        return text[1:-1].replace(quote * 2, quote)
    return text
