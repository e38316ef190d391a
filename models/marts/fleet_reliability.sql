/* @model
description: Do older aircraft, or those of one maker, run later? Departures by maker and age.
owner: fleet
grain: [manufacturer, age_band]
columns:
  manufacturer: {tests: [not_null]}
  age_band: {tests: [not_null]}
  aircraft: {description: Aircraft scheduled at least once, tests: [not_null, {range: {min: 1}}]}
  cancelled_share: {tests: [not_null, {range: {min: 0, max: 1}}]}
  late_share: {description: Of the flights that left, tests: [{range: {min: 0, max: 1}}]}
  own_delay_share:
    description: >
      Late for no known outside reason, neither the previous flight nor the weather; of the
      flights that left
    tests: [{range: {min: 0, max: 1}}]
tests:
  - unique: {columns: [manufacturer, age_band]}
*/
with counted as (
    select
        aircraft.manufacturer,
        aircraft.age_band,
        count(distinct departures.aircraft_id) as aircraft,
        count(*) as flights,
        count(*) filter (where departures.is_cancelled) as cancelled_flights,
        count(*) filter (where not departures.is_cancelled) as departed_flights,
        count(*) filter (where departures.is_late) as late_flights,
        count(*) filter (where departures.delay_cause = 'other') as own_delay_flights,
        median(departures.departure_delay_minutes) as median_delay_minutes
    from marts.fct_departures as departures
    inner join marts.dim_aircraft as aircraft
        on departures.aircraft_id = aircraft.aircraft_id
    where departures.aircraft_id <> 'unknown'
    group by aircraft.manufacturer, aircraft.age_band
)

select
    manufacturer as manufacturer,
    age_band as age_band,
    aircraft as aircraft,
    flights as flights,
    {{ share('cancelled_flights', 'flights') }} as cancelled_share,
    {{ share('late_flights', 'departed_flights') }} as late_share,
    {{ share('own_delay_flights', 'departed_flights') }} as own_delay_share,
    median_delay_minutes as median_delay_minutes
from counted
