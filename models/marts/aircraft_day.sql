/* @model
description: >
  What each aircraft did on each day it left New York. Only departures from New York are in the
  data, so utilisation counts the outbound half of its work.
owner: fleet
grain: [tail_number, flight_date]
columns:
  tail_number: {tests: [not_null]}
  flight_date: {tests: [not_null]}
  legs: {description: Departures from New York, tests: [not_null, {range: {min: 1, max: 8}}]}
  outbound_air_minutes: {description: Null where every leg was diverted}
  outbound_km: {description: Along the great circle, tests: [not_null, {range: {min: 100}}]}
  outbound_utilisation:
    description: Share of the day in the air outbound
    tests: [{range: {min: 0, max: 1}}]
  inherited_delay_minutes: {description: Delay handed from one leg of the day to the next}
tests:
  - unique: {columns: [tail_number, flight_date]}
*/
select
    legs.tail_number as tail_number,
    legs.flight_date as flight_date,
    count(*) as legs,
    min(legs.departed_at) as first_departed_at,
    max(legs.departed_at) as last_departed_at,
    cast(sum(legs.air_minutes) as bigint) as outbound_air_minutes,
    sum(routes.great_circle_km) as outbound_km,
    {{ share('sum(legs.air_minutes)', '1440') }} as outbound_utilisation,
    cast(sum(rotations.inherited_delay_minutes) as bigint) as inherited_delay_minutes,
    max(legs.departure_delay_minutes) as longest_delay_minutes
from intermediate.int_operated_legs as legs
inner join intermediate.int_rotations as rotations
    on legs.flight_key = rotations.flight_key
left join intermediate.int_routes_distance as routes
    on
        legs.origin = routes.origin
        and legs.destination = routes.destination
group by legs.tail_number, legs.flight_date
