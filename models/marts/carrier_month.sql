/* @model
description: The carriers' league table, month by month.
owner: commercial
grain: [month, carrier_code]
columns:
  month: {description: First day of the month, tests: [not_null]}
  carrier_code: {tests: [not_null]}
  carrier_name: {tests: [not_null]}
  flights: {description: Scheduled departures, tests: [not_null, {range: {min: 1}}]}
  completion_share:
    description: Flights that left, of those scheduled
    tests: [{range: {min: 0, max: 1}}]
  on_time_share:
    description: Flights that left less than 15 minutes late, of those that left
  average_delay_minutes: {description: At departure; early departures count as negative}
  p90_arrival_delay_minutes: {description: Nine of ten flights arrived with less delay than this}
  punctuality_rank: {description: 1 is the most punctual carrier of the month, tests: [not_null]}
tests:
  - unique: {columns: [month, carrier_code]}
  - unique: {columns: [month, punctuality_rank]}
*/
with monthly as (
    select
        cast(date_trunc('month', flight_date) as date) as month,
        carrier_code,
        count(*) as flights,
        count(*) filter (where not is_cancelled) as departed_flights,
        count(*) filter (where delay_cause = 'on_time') as on_time_flights,
        count(*) filter (where delay_cause = 'late_aircraft') as late_aircraft_flights,
        count(*) filter (where delay_cause = 'weather') as weather_delayed_flights,
        round(avg(departure_delay_minutes), 2) as average_delay_minutes,
        quantile_disc(arrival_delay_minutes, 0.9) as p90_arrival_delay_minutes
    from marts.fct_departures
    group by cast(date_trunc('month', flight_date) as date), carrier_code
),

shares as (
    select
        month,
        carrier_code,
        flights,
        {{ share('departed_flights', 'flights') }} as completion_share,
        {{ share('on_time_flights', 'departed_flights') }} as on_time_share,
        {{ share('late_aircraft_flights', 'departed_flights') }} as late_aircraft_share,
        {{ share('weather_delayed_flights', 'departed_flights') }} as weather_share,
        average_delay_minutes,
        p90_arrival_delay_minutes
    from monthly
)

select
    shares.month as month,
    shares.carrier_code as carrier_code,
    airlines.carrier_name as carrier_name,
    shares.flights as flights,
    shares.completion_share as completion_share,
    shares.on_time_share as on_time_share,
    shares.late_aircraft_share as late_aircraft_share,
    shares.weather_share as weather_share,
    shares.average_delay_minutes as average_delay_minutes,
    shares.p90_arrival_delay_minutes as p90_arrival_delay_minutes,
    row_number() over (
        partition by shares.month
        order by shares.on_time_share desc nulls last, shares.carrier_code
    ) as punctuality_rank
from shares
left join staging.stg_airlines as airlines
    on shares.carrier_code = airlines.carrier_code
