-- Customers of each country who never ordered: a correlated NOT EXISTS beside an anti-join.
with idle as (
    select c.customer_id, c.country
    from customers c
    where not exists (select 1 from orders o where o.customer_id = c.customer_id)
), anti as (
    select c.customer_id
    from customers c
    left join orders o on o.customer_id = c.customer_id
    where o.order_id is null
)
select idle.country, count(*) as customers, count(anti.customer_id) as by_anti_join
from idle
left join anti on anti.customer_id = idle.customer_id
group by idle.country
order by customers desc, idle.country
