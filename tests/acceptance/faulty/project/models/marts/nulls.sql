select order_id
from stg_orders
where status = null or status not in ('open', null)
