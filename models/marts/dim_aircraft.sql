/* @model
description: >
  Every aircraft that was scheduled out of New York, registered or not, and one row `unknown`
  for flights without a tail number.
owner: fleet
grain: [aircraft_id]
columns:
  aircraft_id: {description: Tail number or `unknown`, tests: [not_null, unique]}
  main_carrier_code: {description: The carrier that flew it most, tests: [not_null]}
  carriers: {description: Number of carriers that flew it}
  is_registered: {description: Whether the registry knows it, tests: [not_null]}
  manufacturer:
    description: Unregistered where the registry does not know it
    tests: [not_null]
  age_years: {description: In 2013, tests: [{range: {min: 0, max: 60}}]}
  age_band:
    tests:
      - not_null
      - accepted_values: {values: [0 to 9, 10 to 19, 20 and more, unknown]}
*/
with flown as (
    select
        aircraft_id,
        carrier_code,
        count(*) as flights,
        min(flight_date) as first_flight_date,
        max(flight_date) as last_flight_date
    from staging.stg_flights
    group by aircraft_id, carrier_code
),

aircraft as (
    select
        aircraft_id,
        carrier_code as main_carrier_code,
        count(*) over of_aircraft as carriers,
        sum(flights) over of_aircraft as scheduled_flights,
        min(first_flight_date) over of_aircraft as first_flight_date,
        max(last_flight_date) over of_aircraft as last_flight_date
    from flown
    window of_aircraft as (partition by aircraft_id)
    qualify row_number() over (partition by aircraft_id order by flights desc, carrier_code) = 1
),

described as (
    select
        aircraft.aircraft_id,
        aircraft.main_carrier_code,
        aircraft.carriers,
        aircraft.scheduled_flights,
        aircraft.first_flight_date,
        aircraft.last_flight_date,
        planes.tail_number is not null as is_registered,
        coalesce(planes.manufacturer, 'Unregistered') as manufacturer,
        planes.model,
        planes.seats,
        planes.engine_type,
        planes.built_year,
        2013 - planes.built_year as age_years
    from aircraft
    left join staging.stg_planes as planes
        on aircraft.aircraft_id = planes.tail_number
)

select
    aircraft_id as aircraft_id,
    main_carrier_code as main_carrier_code,
    carriers as carriers,
    cast(scheduled_flights as bigint) as scheduled_flights,
    first_flight_date as first_flight_date,
    last_flight_date as last_flight_date,
    is_registered as is_registered,
    manufacturer as manufacturer,
    model as model,
    seats as seats,
    engine_type as engine_type,
    built_year as built_year,
    age_years as age_years,
    case
        when age_years is null then 'unknown'
        when age_years < 10 then '0 to 9'
        when age_years < 20 then '10 to 19'
        else '20 and more'
    end as age_band
from described
