-- Revenue a month with its running total, the change to the month before, and the share of the year.
with monthly as (
    select date_trunc('month', ordered_at) as month, sum(order_total) as revenue
    from orders
    group by 1
)
select month,
       revenue,
       sum(revenue) over (order by month rows between unbounded preceding and current row) as running,
       revenue - lag(revenue) over (order by month) as change,
       rank() over (order by revenue desc) as place
from monthly
order by month
