/* @model
kind: table
description: One row per customer, with what they have paid.
grain: [customer_name]
columns:
  customer_name: {tests: [not_null, unique]}
*/
select
    customer_name,
    count(*) as orders,
    count(*) filter (where status = 'paid') as paid_orders,
    coalesce(sum(amount) filter (where status = 'paid'), 0) as paid_amount,
    min(ordered_on) as first_order_on,
    max(ordered_on) as last_order_on
from stg_orders
group by customer_name
