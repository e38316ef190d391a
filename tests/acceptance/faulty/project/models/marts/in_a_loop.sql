select
{% for status in ['open', 'paid', 'returned'] %}
    sum(amount) filter (where status = '{{ status }}') as {{ status }}_amount,
    sum(amount_{{ status }}) as {{ status }}_net,
{% endfor %}
    sum(amout) as total
from {{ ref('stg_orders') }}
