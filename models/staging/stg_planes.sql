select
    tailnum as tail_number,
    year as built_year,
    type as aircraft_type,
    manufacturer as registered_manufacturer,
    case
        when manufacturer like 'AIRBUS%' then 'Airbus'
        when manufacturer = 'BOEING' then 'Boeing'
        when manufacturer like 'BOMBARDIER%' or manufacturer like 'CANADAIR%' then 'Bombardier'
        when manufacturer = 'EMBRAER' then 'Embraer'
        when manufacturer like 'MCDONNELL DOUGLAS%' then 'McDonnell Douglas'
        else 'Other'
    end as manufacturer,
    model as model,
    engines as engines,
    engine as engine_type,
    seats as seats
from raw.planes
