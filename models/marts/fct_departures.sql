/* @model
description: Every scheduled departure with its delay and the most likely cause of it.
owner: ops
grain: [flight_key]
columns:
  flight_key: {tests: [not_null, unique]}
  flight_date: {tests: [not_null]}
  carrier_code: {tests: [not_null]}
  aircraft_id: {tests: [not_null, {relationships: {to: dim_aircraft, field: aircraft_id}}]}
  origin: {tests: [not_null]}
  destination: {tests: [not_null]}
  scheduled_hour:
    description: Hour of the day, 5 to 23
    tests: [not_null, {range: {min: 0, max: 23}}]
  departure_delay_minutes: {description: Negative when early; null when cancelled}
  arrival_delay_minutes: {description: Null when cancelled or diverted}
  inherited_delay_minutes:
    description: Minutes that the aircraft's previous flight explains
    tests: [not_null, {range: {min: 0}}]
  is_late:
    description: Left 15 minutes or more behind schedule, the industry's definition
    tests: [not_null]
  delay_cause:
    description: >
      late_aircraft where the previous flight explains at least half of the delay; weather where
      the hour's weather was adverse; other otherwise, also where the weather is not known
    tests:
      - not_null
      - accepted_values: {values: [on_time, late_aircraft, weather, other, cancelled]}
tests:
  - row_count: {min: 80789, max: 80789}
*/
with joined as (
    select
        flights.flight_key,
        flights.flight_date,
        flights.carrier_code,
        flights.flight_number,
        flights.aircraft_id,
        flights.origin,
        flights.destination,
        flights.scheduled_departure_at,
        flights.departed_at,
        flights.departure_delay_minutes,
        flights.arrival_delay_minutes,
        flights.air_minutes,
        flights.is_cancelled,
        flights.is_diverted,
        coalesce(flights.departure_delay_minutes >= 15, false) as is_late,
        coalesce(rotations.inherited_delay_minutes, 0) as inherited_delay_minutes,
        coalesce(weather.is_adverse_weather, false) as is_adverse_weather
    from staging.stg_flights as flights
    left join intermediate.int_flights_weather as weather
        on flights.flight_key = weather.flight_key
    left join intermediate.int_rotations as rotations
        on flights.flight_key = rotations.flight_key
)

select
    flight_key as flight_key,
    flight_date as flight_date,
    carrier_code as carrier_code,
    flight_number as flight_number,
    aircraft_id as aircraft_id,
    origin as origin,
    destination as destination,
    scheduled_departure_at as scheduled_departure_at,
    extract(hour from scheduled_departure_at) as scheduled_hour,
    departed_at as departed_at,
    departure_delay_minutes as departure_delay_minutes,
    arrival_delay_minutes as arrival_delay_minutes,
    inherited_delay_minutes as inherited_delay_minutes,
    air_minutes as air_minutes,
    is_cancelled as is_cancelled,
    is_diverted as is_diverted,
    is_late as is_late,
    is_adverse_weather as is_adverse_weather,
    case
        when is_cancelled then 'cancelled'
        when not is_late then 'on_time'
        when inherited_delay_minutes * 2 >= departure_delay_minutes then 'late_aircraft'
        when is_adverse_weather then 'weather'
        else 'other'
    end as delay_cause
from joined
