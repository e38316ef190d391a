select
	amout,
    order_id
from stg_orders
