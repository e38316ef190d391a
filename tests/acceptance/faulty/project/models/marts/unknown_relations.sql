select o.order_id
from stg_order as o
join {{ ref('stg_payments') }} as p using (order_id)
