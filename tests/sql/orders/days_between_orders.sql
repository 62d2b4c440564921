-- Dates: the gaps between a customer's successive orders, as a histogram of weeks.
with gaps as (
    select customer_id,
           datediff(day, lag(ordered_at) over (partition by customer_id order by ordered_at, order_id), ordered_at) as days
    from orders
)
select floor(days / 7.0) as weeks, count(*) as gaps, count(distinct customer_id) as customers
from gaps
where days < 70
group by 1
order by 1
