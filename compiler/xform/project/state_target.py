"""`state:` of a target: the database that keeps the state."""

from __future__ import annotations

import re

from xform.base import codes
from xform.base.diagnostics import diagnose
from xform.project.environment import Environment, Resolved
from xform.project.profile import STATE_SCHEMA, StateTarget
from xform.project.reader import (
    Notes,
    check_keys,
    read_choice,
    read_mapping,
    required,
    wrong_type,
)
from xform.project.values import Entry, Mapping, Scalar, is_null

_SERVER = ("host", "port", "user", "password", "dbname", "sslmode")
_KEYS = {"sqlite": ("type", "path"), "postgres": ("type", "url", "schema", *_SERVER)}
_SSL = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SCHEMES = ("postgresql://", "postgres://")
_LONGEST = 63
"""Bytes of a name in PostgreSQL, which cuts longer ones in silence."""
_PASSWORD = re.compile(r"://[^/?#]*?:(?P<before>[^/?#]*)@|[?&]password=(?P<behind>[^&#]*)")
_SHOWN = re.compile(
    r"""(?P<key>\bpassword["']?[ ]*[:=][ ]*|://[^\s/?#:{]*:)"""
    r"""(?P<value>"[^"\n]*"|'[^'\n]*'|[^\s,}&#@'"]+)"""
)


def read_state(entry: Entry, environment: Environment, notes: Notes) -> StateTarget | None:
    """What stands under `state:`; None where it is wrong, which is noted.

    What comes out of the environment as `url` or `password` (or as the path of a file) is secret
    everywhere, and is added to the secrets of `environment`; what comes out of it as `host`, `user`
    or `dbname` in whatever a server says: these are common words.
    """
    if is_null(entry.value):
        return StateTarget()
    mapping = read_mapping(entry.value, "'state'", notes)
    type_ = mapping and required(mapping, "type", "'state'", notes)
    kind = type_ and read_choice(type_, "'type' of 'state'", _KEYS, notes)
    if mapping is None or not kind:
        return None
    before = len(notes)
    check_keys(mapping, _KEYS[kind], f"a state of type '{kind}'", notes)
    found: dict[str, str | int] = {}
    masked: list[str] = []
    for item in mapping:
        if item.name in _KEYS[kind] and item.name != "type" and not is_null(item.value):
            value = _value(item, environment, masked, notes)
            if value is not None:
                found[item.name] = value
    _check_url(mapping, found, notes)
    if len(notes) > before:
        return None
    schema = str(found.pop("schema", STATE_SCHEMA))
    return StateTarget(kind, found, schema, tuple(dict.fromkeys(masked)), entry.key.span)


def _value(
    item: Entry, environment: Environment, masked: list[str], notes: Notes
) -> str | int | None:
    """The value of a setting. Whatever is to be masked in messages is added to `masked`."""
    what = f"'{item.name}' of 'state'"
    known = len(environment.secrets)
    if item.name == "port":
        port = _port(item, environment, notes)
        del environment.secrets[known:]  # masking it would mask every such number
        return port
    text = _text(item, what, notes)
    resolved = None if text is None else environment.resolve(text, item.value.span, notes)
    if text is None or resolved is None:
        return None
    value = str(resolved)
    secrets = environment.secrets[known:]
    del environment.secrets[known:]
    if not value:
        message = f"{what} is empty"
        notes.append(
            diagnose(codes.BAD_VALUE, message, item.value.span, "fill it in or take it out")
        )
        return None
    match item.name:
        case "schema" if len(value.encode()) > _LONGEST or "\0" in value:
            message = f"{what} is longer than the {_LONGEST} bytes of a name in PostgreSQL"
            notes.append(diagnose(codes.BAD_VALUE, message, item.value.span, "shorten it"))
            return None
        case "sslmode" if value not in _SSL:
            message = f"{what} is no mode that there is"
            advice = f"it is one of {', '.join(_SSL)}"
            notes.append(diagnose(codes.BAD_VALUE, message, item.value.span, advice))
            return None
        case "url" | "password":
            secrets += [value, *_passwords(value)]
            if "{{" in text:
                environment.secrets.extend(secrets)
            masked.extend(secrets)
        case "path":
            environment.secrets.extend(secrets)
        case "host" | "user" | "dbname":
            masked.extend(secrets)
    return value


def _text(item: Entry, what: str, notes: Notes) -> str | None:
    """A value as text: a password of digits needs no quotes. A value is never shown."""
    if isinstance(item.value, Scalar):
        return item.value.text
    wrong_type(item.value, what, "text", notes)
    return None


def _port(item: Entry, environment: Environment, notes: Notes) -> int | None:
    value: Resolved | None = None
    if isinstance(item.value, Scalar):
        value = item.value.value
        if isinstance(value, str):
            value = environment.resolve(value, item.value.span, notes)
            if value is None:
                return None
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 1 << 16:
        return number
    wrong_type(item.value, "'port' of 'state'", "a whole number from 1 to 65535", notes)
    return None


def _check_url(mapping: Mapping, found: dict[str, str | int], notes: Notes) -> None:
    url = next((item for item in mapping if item.name == "url" and "url" in found), None)
    if url is None:
        return
    if not str(found["url"]).startswith(_SCHEMES):
        message = "'url' of 'state' is no URL of a PostgreSQL database"
        advice = "write postgresql://USER:PASSWORD@HOST:PORT/DBNAME"
        notes.append(diagnose(codes.BAD_VALUE, message, url.value.span, advice))
    for item in mapping:
        if item.name in _SERVER and item.name in found:
            message = f"'{item.name}' of 'state' stands beside 'url', which says that already"
            notes.append(
                diagnose(codes.BAD_VALUE, message, item.key.span, "keep 'url' or take it out")
            )


def _passwords(url: str) -> list[str]:
    """Passwords within a URL, as they are written there and as they are meant."""
    written = [text for found in _PASSWORD.finditer(url) for text in found.groups() if text]
    return [text for raw in written for text in (raw, _decoded(raw))]


def _decoded(text: str) -> str:
    """Percent-encoding taken back (RFC 3986)."""
    parts = re.split("((?:%[0-9A-Fa-f]{2})+)", text)
    return "".join(
        bytes.fromhex(part.replace("%", "")).decode("utf-8", "replace")
        if part.startswith("%") and len(part) % 3 == 0
        else part
        for part in parts
    )


def without_passwords(text: str) -> str:
    """The text of a profile as it may be shown: stars in the place of passwords in it."""

    def stars(found: re.Match[str]) -> str:
        value = found["value"]
        return found["key"] + (value if "{{" in value else "*" * len(value))

    return _SHOWN.sub(stars, text)
