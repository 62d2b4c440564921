-- A funnel: how many customers viewed, put into the cart, purchased; and NULLs sort last.
with steps as (
    select customer_id,
           max(case when kind = 'view' then 1 else 0 end) as viewed,
           max(case when kind = 'cart' then 1 else 0 end) as carted,
           max(case when kind = 'purchase' then 1 else 0 end) as purchased
    from events
    where customer_id is not null
    group by customer_id
)
select c.country,
       count(*) as customers,
       sum(s.viewed) as viewed,
       sum(s.viewed * s.carted) as carted,
       sum(s.viewed * s.carted * s.purchased) as purchased
from steps s
join customers c on c.customer_id = s.customer_id
group by c.country
union all
select null, count(*), sum(viewed), sum(viewed * carted), sum(viewed * carted * purchased)
from steps
order by country
