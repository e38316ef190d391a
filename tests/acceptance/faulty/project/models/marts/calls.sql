select
    round(amount, 2, 3) as rounded,
    sum(cast(status as varchar)) as total,
    substrng(customer_name, 1, 2) as initials
from stg_orders
group by all
