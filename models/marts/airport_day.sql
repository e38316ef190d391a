/* @model
description: How each New York airport ran, day by day, and in what weather.
owner: ops
grain: [origin, flight_date]
columns:
  origin: {tests: [not_null]}
  flight_date: {tests: [not_null]}
  flights: {description: Scheduled departures, tests: [not_null, {range: {min: 1}}]}
  cancelled_share: {tests: [not_null, {range: {min: 0, max: 1}}]}
  late_share:
    description: Of the flights that left; null where none did
    tests: [{range: {min: 0, max: 1}}]
  median_delay_minutes: {description: At departure; null where no flight left}
  adverse_hours:
    description: Hours of adverse weather
    tests: [not_null, {range: {min: 0, max: 24}}]
tests:
  - unique: {columns: [origin, flight_date]}
  - row_count: {min: 270, max: 270}
*/
with departures as (
    select
        origin,
        flight_date,
        count(*) as flights,
        count(*) filter (where is_cancelled) as cancelled_flights,
        count(*) filter (where not is_cancelled) as departed_flights,
        count(*) filter (where is_late) as late_flights,
        count(*) filter (where delay_cause = 'weather') as weather_delayed_flights,
        median(departure_delay_minutes) as median_delay_minutes,
        max(departure_delay_minutes) as longest_delay_minutes
    from marts.fct_departures
    group by origin, flight_date
),

weather as (
    select
        origin,
        cast(observed_at as date) as flight_date,
        count(*) filter (where is_adverse) as adverse_hours,
        min(temperature_f) as lowest_temperature_f,
        max(gust_mph) as strongest_gust_mph,
        min(visibility_miles) as lowest_visibility_miles,
        sum(cast(precipitation_in as decimal(5, 2))) as precipitation_in
    from staging.stg_weather
    group by origin, cast(observed_at as date)
)

select
    departures.origin as origin,
    departures.flight_date as flight_date,
    departures.flights as flights,
    departures.cancelled_flights as cancelled_flights,
    departures.late_flights as late_flights,
    departures.weather_delayed_flights as weather_delayed_flights,
    {{ share('departures.cancelled_flights', 'departures.flights') }} as cancelled_share,
    {{ share('departures.late_flights', 'departures.departed_flights') }} as late_share,
    departures.median_delay_minutes as median_delay_minutes,
    departures.longest_delay_minutes as longest_delay_minutes,
    coalesce(weather.adverse_hours, 0) as adverse_hours,
    weather.lowest_temperature_f as lowest_temperature_f,
    weather.strongest_gust_mph as strongest_gust_mph,
    weather.lowest_visibility_miles as lowest_visibility_miles,
    weather.precipitation_in as precipitation_in
from departures
left join weather
    on
        departures.origin = weather.origin
        and departures.flight_date = weather.flight_date
