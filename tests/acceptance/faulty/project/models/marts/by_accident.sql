select a.order_id
from stg_orders as a, stg_orders as b
where a.amount > 3
