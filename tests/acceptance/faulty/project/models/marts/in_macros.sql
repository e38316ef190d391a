select
    {{ cents(amount, 2) }} as a,
    {{ cents('amount', scal=2) }} as b,
    {{ cent('amount') }} as c,
    {{ undefined_thing }} as d
from stg_orders
