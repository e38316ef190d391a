select order_id, amount as order_id, upper(status)
from stg_orders
