/* @model
columns:
  order_id: {type: varchar, tests: [not_null, unique]}
  total: {type: bigint}
*/
select
    id as order_id,
    customer as customer_name,
    status,
    amount::decimal(12, 2) as amount,
    ordered_on
from raw.orders
