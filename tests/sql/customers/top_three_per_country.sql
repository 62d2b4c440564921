-- The three customers of each country who spent most, by QUALIFY over a window of an aggregate.
select c.country,
       c.customer_id,
       sum(o.order_total) as spent,
       rank() over (partition by c.country order by sum(o.order_total) desc, c.customer_id) as place
from customers c
join orders o on o.customer_id = c.customer_id
where o.status <> 'returned'
group by c.country, c.customer_id
qualify place <= 3
order by c.country, place
