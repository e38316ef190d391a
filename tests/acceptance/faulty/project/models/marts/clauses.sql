select customer_name, status, sum(max(amount)) as total
from stg_orders
where sum(amount) > 10 and row_number() over () = 1
group by customer_name
