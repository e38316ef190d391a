select order_id,, status
from stg_orders
