/* @model
kind: table
description: Each flight with the weather at its origin in the hour it was scheduled to leave.
owner: ops
grain: [flight_key]
columns:
  flight_key: {tests: [not_null, unique]}
  flight_date: {tests: [not_null]}
  has_weather:
    description: False for the 81 flights of hours without an observation
    tests: [not_null, {accepted_values: {values: [true], severity: warn}}]
  is_adverse_weather:
    description: Null where the weather is not known
    tests: [{not_null: {where: has_weather}}]
*/
select
    flights.flight_key as flight_key,
    flights.flight_date as flight_date,
    flights.origin as origin,
    flights.scheduled_hour_at as scheduled_hour_at,
    weather.observed_at is not null as has_weather,
    weather.temperature_f as temperature_f,
    weather.wind_mph as wind_mph,
    weather.gust_mph as gust_mph,
    weather.precipitation_in as precipitation_in,
    weather.visibility_miles as visibility_miles,
    weather.is_adverse as is_adverse_weather
from staging.stg_flights as flights
left join staging.stg_weather as weather
    on
        flights.origin = weather.origin
        and flights.scheduled_hour_at = weather.observed_at
