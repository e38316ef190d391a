select a.order_id
from stg_orders as a
join stg_orders as b on a.order_id = b.customer_name
left join stg_orders as c
