select
    case when amount > 'x' then 1 when ordered_on = 5 then 'two' else 3 end as mixed,
    case when amount > 1 then 1 else status end as clash,
    (amount + 1) * status as product
from stg_orders
