/* @model
description: Routes from New York, with their length and who flies them.
owner: network
grain: [route]
columns:
  route:
    description: Origin and destination, such as JFK-LAX
    tests: [not_null, unique]
  origin: {tests: [not_null]}
  destination: {tests: [not_null, {relationships: {to: stg_airports, field: airport_code}}]}
  great_circle_km: {tests: [not_null, {range: {min: 100}}]}
  distance_band: {tests: [not_null, {accepted_values: {values: [short, medium, long]}}]}
  filed_miles: {description: The distance that carriers report; they differ by a mile on two routes}
  typical_speed_kmh:
    description: Great-circle length over the median time in the air; null where no flight arrived
    tests: [{range: {min: 150, max: 1100}}]
*/
with flown as (
    select
        origin,
        destination,
        count(*) as flights,
        count(distinct carrier_code) as carriers,
        median(distance_miles) as filed_miles,
        median(air_minutes) as median_air_minutes
    from staging.stg_flights
    group by origin, destination
)

select
    flown.origin || '-' || flown.destination as route,
    flown.origin as origin,
    starts.airport_name as origin_name,
    flown.destination as destination,
    ends.airport_name as destination_name,
    ends.city as destination_city,
    ends.state as destination_state,
    flown.flights as flights,
    flown.carriers as carriers,
    distances.great_circle_km as great_circle_km,
    case
        when distances.great_circle_km < 1000 then 'short'
        when distances.great_circle_km < 3000 then 'medium'
        else 'long'
    end as distance_band,
    flown.filed_miles as filed_miles,
    flown.median_air_minutes as median_air_minutes,
    round(distances.great_circle_km / (flown.median_air_minutes / 60), 0) as typical_speed_kmh
from flown
inner join intermediate.int_routes_distance as distances
    on
        flown.origin = distances.origin
        and flown.destination = distances.destination
left join staging.stg_airports as starts
    on flown.origin = starts.airport_code
left join staging.stg_airports as ends
    on flown.destination = ends.airport_code
