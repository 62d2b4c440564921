select order_id, customer_id, order_total
from {{ source('shop', 'orders') }}
where order_total is not null
