/* @model
description: The day in one row, for the executive dashboard.
owner: commercial
tags: [executive]
grain: [flight_date]
columns:
  flight_date: {tests: [not_null, unique]}
  flights:
    description: Scheduled departures; a day with 600 or fewer means that data is missing
    tests: [not_null, {range: {min: 601}}]
  cancelled_share: {tests: [not_null, {range: {min: 0, max: 1}}]}
  on_time_share:
    description: Less than 15 minutes late, of the flights that left
    tests: [{range: {min: 0, max: 1}}]
  on_time_share_7_days: {description: Over this day and the six before it}
  delay_hours: {description: All late departures together}
  aircraft_in_service: {description: Aircraft that left New York at least once, tests: [not_null]}
  hardest_hit_airport: {description: With the highest share of cancelled flights, tests: [not_null]}
tests:
  - row_count: {min: 90, max: 90}
*/
with days as (
    select
        flight_date,
        count(*) as flights,
        count(distinct carrier_code) as carriers,
        count(*) filter (where is_cancelled) as cancelled_flights,
        count(*) filter (where not is_cancelled) as departed_flights,
        count(*) filter (where delay_cause = 'on_time') as on_time_flights,
        median(departure_delay_minutes) as median_delay_minutes,
        round(avg(departure_delay_minutes), 2) as average_delay_minutes,
        sum(departure_delay_minutes) filter (where is_late) as late_minutes
    from marts.fct_departures
    group by flight_date
),

fleet as (
    select
        flight_date,
        count(*) as aircraft_in_service
    from marts.aircraft_day
    group by flight_date
),

hardest_hit as (
    select
        flight_date,
        origin
    from marts.airport_day
    qualify row_number() over (partition by flight_date order by cancelled_share desc, origin) = 1
)

select
    days.flight_date as flight_date,
    days.flights as flights,
    days.carriers as carriers,
    days.cancelled_flights as cancelled_flights,
    {{ share('days.cancelled_flights', 'days.flights') }} as cancelled_share,
    {{ share('days.on_time_flights', 'days.departed_flights') }} as on_time_share,
    {{ share(
        'sum(days.on_time_flights) over last_7_days',
        'sum(days.departed_flights) over last_7_days'
    ) }} as on_time_share_7_days,
    days.median_delay_minutes as median_delay_minutes,
    days.average_delay_minutes as average_delay_minutes,
    round(coalesce(days.late_minutes, 0) / 60, 1) as delay_hours,
    coalesce(fleet.aircraft_in_service, 0) as aircraft_in_service,
    hardest_hit.origin as hardest_hit_airport
from days
left join fleet
    on days.flight_date = fleet.flight_date
left join hardest_hit
    on days.flight_date = hardest_hit.flight_date
window last_7_days as (
    order by days.flight_date
    rows between 6 preceding and current row
)
