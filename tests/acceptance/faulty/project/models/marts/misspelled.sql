select
    '日本語' as label,	custmer_name,
    statsu
from stg_orders
where status = "paid"
