/* @model
kind: table
description: >
  Each operated flight with the aircraft's previous departure from New York on the same day, and
  the delay that one hands on. The flight back is not in the data, so this is an estimate: the
  later the aircraft arrived out there, the later it can be here again.
owner: fleet
grain: [flight_key]
columns:
  flight_key: {tests: [not_null, unique]}
  flight_date: {tests: [not_null]}
  tail_number: {tests: [not_null]}
  leg_number:
    description: 1 for the aircraft's first departure of the day
    tests: [not_null, {range: {min: 1}}]
  previous_flight_key: {description: Null on the first leg of the day}
  previous_arrival_delay_minutes: {description: Null on the first leg and after a diversion}
  inherited_delay_minutes:
    description: The part of this departure's delay that the previous leg explains
    tests: [not_null, {range: {min: 0}}]
tests:
  - unique: {columns: [flight_date, tail_number, leg_number]}
*/
with legs as (
    select
        flight_key,
        flight_date,
        tail_number,
        departure_delay_minutes,
        row_number() over day_of_aircraft as leg_number,
        lag(flight_key) over day_of_aircraft as previous_flight_key,
        lag(arrival_delay_minutes) over day_of_aircraft as previous_arrival_delay_minutes
    from {{ ref('int_operated_legs') }}
    window day_of_aircraft as (
        partition by flight_date, tail_number
        order by departed_at, flight_key
    )
)

select
    flight_key as flight_key,
    flight_date as flight_date,
    tail_number as tail_number,
    leg_number as leg_number,
    previous_flight_key as previous_flight_key,
    previous_arrival_delay_minutes as previous_arrival_delay_minutes,
    -- The conditions also keep nulls out of least(), where DuckDB passes over them.
    case
        when previous_arrival_delay_minutes > 0 and departure_delay_minutes > 0
            then least(previous_arrival_delay_minutes, departure_delay_minutes)
        else 0
    end as inherited_delay_minutes
from legs
