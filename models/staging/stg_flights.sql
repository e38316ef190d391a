/* @model
description: >
  Departures from New York, one row per scheduled flight. Timestamps are New York local time;
  delays are worked out from the clock times, over midnight where need be.
owner: platform
grain: [flight_key]
columns:
  flight_key:
    description: Date, carrier, flight number and origin, such as 20130101-AA-119-EWR
    tests: [not_null, unique]
  flight_date:
    description: Scheduled day of departure
    tests: [not_null]
  carrier_code:
    tests: [not_null, {relationships: {to: stg_airlines, field: carrier_code}}]
  flight_number: {tests: [not_null]}
  tail_number:
    description: Registration of the aircraft; null where none was assigned before a cancellation
  aircraft_id:
    description: The tail number, or `unknown`, so that no flight is lost in a join
    tests:
      - not_null
      # 13,403 flights: 12,562 with a tail number in no registry, 841 without one.
      - relationships:
          to: stg_planes
          field: tail_number
          severity: warn
          name: aircraft_is_registered
  origin:
    tests: [not_null, {accepted_values: {values: [EWR, JFK, LGA]}}]
  destination:
    tests: [not_null, {relationships: {to: stg_airports, field: airport_code}}]
  scheduled_departure_at: {tests: [not_null]}
  departed_at: {description: Null when cancelled}
  departure_delay_minutes:
    description: Negative when early; null when cancelled
    tests: [{range: {min: -60, max: 1379}}, {not_null: {where: not is_cancelled}}]
  arrival_delay_minutes:
    description: At the destination; null when cancelled or diverted
    tests:
      - range: {min: -120, max: 1319}
      - not_null: {where: not is_cancelled and not is_diverted}
  air_minutes: {tests: [{range: {min: 1, max: 900}}]}
  is_cancelled: {description: Never left the gate, tests: [not_null]}
  is_diverted: {description: Left but landed elsewhere first, tests: [not_null]}
tests:
  - unique: {columns: [flight_date, carrier_code, flight_number, origin]}
*/
with timed as (
    select
        flight_date,
        carrier,
        flight,
        tailnum,
        origin,
        dest,
        air_time,
        distance,
        dep_time is null as is_cancelled,
        dep_time is not null and air_time is null as is_diverted,
        {{ at_clock('flight_date', 'sched_dep_time') }} as scheduled_departure_at,
        {{ minutes_late('sched_dep_time', 'dep_time', earliest=60) }} as departure_delay_minutes,
        {{ minutes_late('sched_arr_time', 'arr_time', earliest=120) }} as arrival_delay_minutes
    from raw.flights
)

select
    concat_ws('-', strftime(flight_date, '%Y%m%d'), carrier, flight, origin) as flight_key,
    flight_date as flight_date,
    carrier as carrier_code,
    flight as flight_number,
    tailnum as tail_number,
    coalesce(tailnum, 'unknown') as aircraft_id,
    origin as origin,
    dest as destination,
    scheduled_departure_at as scheduled_departure_at,
    date_trunc('hour', scheduled_departure_at) as scheduled_hour_at,
    scheduled_departure_at + to_minutes(departure_delay_minutes) as departed_at,
    departure_delay_minutes as departure_delay_minutes,
    case when not is_diverted then arrival_delay_minutes end as arrival_delay_minutes,
    air_time as air_minutes,
    distance as distance_miles,
    is_cancelled as is_cancelled,
    is_diverted as is_diverted
from timed
