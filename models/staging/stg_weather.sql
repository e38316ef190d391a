/* @model
description: Weather at the three airports by New York hour, with impossible readings taken out.
owner: platform
grain: [origin, observed_at]
columns:
  origin: {tests: [not_null, {accepted_values: {values: [EWR, JFK, LGA]}}]}
  observed_at: {description: Start of the hour on the New York clock, tests: [not_null]}
  temperature_f: {tests: [{range: {min: -40, max: 120}}]}
  wind_mph:
    description: Null where the instrument failed; the file has a reading of 1,048 mph
    tests: [{range: {min: 0, max: 200}}]
  gust_mph: {description: Null where there were no gusts}
  precipitation_in: {tests: [{range: {min: 0}}]}
  visibility_miles: {tests: [{range: {min: 0, max: 10}}]}
  is_adverse:
    description: >
      Weather that delays departures: visibility below two miles, gusts of 35 mph, wind of 30 mph,
      a tenth of an inch of rain in the hour, or any precipitation at or below freezing
    tests: [not_null]
tests:
  - unique: {columns: [origin, observed_at]}
*/
with cleaned as (
    select
        origin,
        observed_at,
        temp,
        case when wind_speed <= 200 then wind_speed end as wind_mph,
        wind_gust,
        precip,
        pressure,
        visib
    from raw.weather
)

select
    origin as origin,
    observed_at as observed_at,
    temp as temperature_f,
    wind_mph as wind_mph,
    wind_gust as gust_mph,
    precip as precipitation_in,
    pressure as pressure_mb,
    visib as visibility_miles,
    coalesce(visib < 2, false)
    or coalesce(wind_gust >= 35, false)
    or coalesce(wind_mph >= 30, false)
    or coalesce(precip >= 0.1, false)
    or coalesce(precip > 0 and temp <= 32, false) as is_adverse
from cleaned
