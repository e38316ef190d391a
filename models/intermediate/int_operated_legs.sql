/* @model
kind: ephemeral
description: Flights that left with a known aircraft, with what its next flight needs to know.
owner: fleet
grain: [flight_key]
*/
select
    flight_key as flight_key,
    flight_date as flight_date,
    tail_number as tail_number,
    carrier_code as carrier_code,
    origin as origin,
    destination as destination,
    scheduled_departure_at as scheduled_departure_at,
    departed_at as departed_at,
    departure_delay_minutes as departure_delay_minutes,
    arrival_delay_minutes as arrival_delay_minutes,
    air_minutes as air_minutes
from staging.stg_flights
where not is_cancelled and tail_number is not null
