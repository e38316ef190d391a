select
    carrier as carrier_code,
    trim(name) as carrier_name
from raw.airlines
