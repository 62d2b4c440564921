select
    c.customer_id,
    c.email,
    date_trunc('month', c.registered_on) as registered_month,
    count(o.order_id) as orders,
    coalesce(sum(o.order_total), 0) as revenue
from {{ ref('stg_customers') }} c
left join {{ ref('stg_orders') }} o on o.customer_id = c.customer_id
group by 1, 2, 3
