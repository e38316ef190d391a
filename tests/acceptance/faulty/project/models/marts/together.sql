select order_id, amount from stg_orders
union all
select ordered_on, amount from stg_orders
union all
select order_id from stg_orders
