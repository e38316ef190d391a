/* @model
description: One row per order.
grain: [order_id]
columns:
  order_id: {tests: [not_null, unique]}
  status: {tests: [{accepted_values: {values: [open, paid, returned]}}]}
  amount: {description: in EUR, tests: [{range: {min: 0}}]}
*/
select
    id as order_id,
    customer as customer_name,
    status,
    amount::decimal(12, 2) as amount,
    ordered_on
from raw.orders
