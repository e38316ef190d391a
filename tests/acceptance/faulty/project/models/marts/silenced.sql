select order_id
from stg_orders
where amount = null -- as it came from upstream; xform: ignore XF0424
  and status = 'paid' -- xform: ignore XF0425
