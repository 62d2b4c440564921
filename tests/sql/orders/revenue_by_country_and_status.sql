-- A join, two grouping keys, conditional sums, HAVING.
select c.country,
       o.status,
       count(*) as orders,
       sum(o.order_total) as revenue,
       max(o.order_total) as largest
from orders o
join customers c using (customer_id)
group by c.country, o.status
having count(*) > 1000
order by revenue desc, c.country, o.status
