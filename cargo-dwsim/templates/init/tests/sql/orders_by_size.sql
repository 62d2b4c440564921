select case when o.order_total < 100 then 'small' when o.order_total < 200 then 'medium' else 'large' end as size,
       count(*) as orders,
       count(distinct c.customer_id) as customers,
       sum(o.order_total) as revenue
from orders o
join customers c on c.customer_id = o.customer_id
group by 1
order by revenue desc, size
