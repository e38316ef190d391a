select order_id, amount
form stg_orders
where (amount > 1
