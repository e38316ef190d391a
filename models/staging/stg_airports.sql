select
    iata as airport_code,
    name as airport_name,
    nullif(city, 'NA') as city,
    nullif(state, 'NA') as state,
    country as country,
    latitude as latitude,
    longitude as longitude
from raw.airports
