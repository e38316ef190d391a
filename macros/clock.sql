{#- Clock times as the airlines report them: 1435 is 14:35, and 2400 is midnight. -#}

{% macro minute_of_day(hhmm) -%}
({{ hhmm }} // 100 * 60 + {{ hhmm }} % 100)
{%- endmacro %}

{#- A day and a clock time to a timestamp. -#}
{% macro at_clock(day, hhmm) -%}
cast({{ day }} as timestamp) + to_minutes({{ minute_of_day(hhmm) }})
{%- endmacro %}

{#- Minutes from one clock time to another, either of which may lie on the next day.
    Clocks tell minutes only modulo a day, so the answer is the one from `-earliest` up to a day
    after that: an event is taken to be late, unless it is early by at most `earliest` minutes. -#}
{% macro minutes_late(scheduled, actual, earliest) -%}
(
        {{ minute_of_day(actual) }} - {{ minute_of_day(scheduled) }} + {{ earliest }} + 1440
    ) % 1440 - {{ earliest }}
{%- endmacro %}
