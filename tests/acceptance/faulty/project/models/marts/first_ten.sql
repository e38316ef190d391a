with unused as (select 1 as x), paid as (select * from stg_orders where status = 'paid')
select order_id from paid limit 10
