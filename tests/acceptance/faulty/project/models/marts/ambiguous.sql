select order_id
from stg_orders as a
join stg_orders as b on a.order_id = b.order_id
