"""The steps that bring a state from any earlier version to this one, in order.

What a step does is never changed once released; the database counts the steps done.
"""

from __future__ import annotations

from string import Template

from xform.state.database import Words

MIGRATIONS: tuple[str, ...] = (
    """
    create table facts (key $text primary key, value $text not null);
    create table builds (
        physical $text primary key,
        audits_digest $text not null,
        record $blob not null,
        components $blob not null
    );
    create table publications (
        environment $text not null,
        asset $text not null,
        schema $text not null,
        name $text not null,
        physical $text not null,
        fingerprint $text not null,
        primary key (environment, asset)
    );
    create table runs (
        $rows
        run_id $text primary key,
        environment $text not null,
        status $text not null,
        started_at $text not null,
        ended_at $text,
        built $integer not null default 0,
        failed $integer not null default 0,
        skipped $integer not null default 0,
        warned $integer not null default 0,
        seconds $real
    );
    create table nodes (
        $rows
        run_id $text not null,
        asset $text not null,
        status $text not null,
        rows $integer,
        seconds $real not null,
        build $text,
        reason $text not null,
        message $text not null,
        primary key (run_id, asset)
    );
    create table checks (
        $rows
        run_id $text not null,
        asset $text not null,
        name $text not null,
        status $text not null,
        failures $integer,
        seconds $real not null,
        message $text not null,
        primary key (run_id, asset, name)
    );
    create table statuses (
        environment $text not null,
        asset $text not null,
        status $text not null,
        run_id $text not null,
        primary key (environment, asset)
    );
    create table durations (asset $text primary key, seconds $real not null);
    """,
    """
    insert into facts (key, value) values ('revision', $random)
    on conflict (key) do update set value = excluded.value;
    """,
    """
    alter table runs add column asked $text not null default '{}';
    create table statements (
        $rows
        run_id $text not null,
        asset $text not null,
        sql $text not null,
        started_at $text not null,
        seconds $real not null,
        message $text not null
    );
    create index statements_of_a_run on statements (run_id);
    create table logs ($rows run_id $text not null, level $text not null, message $text not null);
    create index logs_of_a_run on logs (run_id);
    """,
    """
    create table leases (
        environment $text primary key,
        token $integer not null,
        owner $text not null,
        host $text not null,
        pid $integer not null,
        mark $text not null,
        since $text not null,
        until $text not null
    );
    """,
)
"""Each is a script of SQL statements, with words of the database (`$text`); run in one transaction
together with the count."""


def statements_of(number: int, words: Words) -> list[str]:
    """The statements of a step, counted from 0, for a database."""
    said = {name: getattr(words, name) for name in Words.__slots__}
    found = Template(MIGRATIONS[number]).substitute(said).split(";")
    return [statement for statement in found if statement.strip()]
