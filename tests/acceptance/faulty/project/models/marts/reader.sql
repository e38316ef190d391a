select order_id, payment_method
from stg_orders
