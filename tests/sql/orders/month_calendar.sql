-- A calendar of 2024 by a recursive CTE, joined to orders: parts of dates, ends of months, leap day included.
with recursive months (n, first_day) as (
    select 0, cast('2024-01-01' as date)
    union all
    select n + 1, cast(dateadd(month, 1, first_day) as date) from months where n < 11
)
select m.first_day,
       last_day(m.first_day) as last_day,
       extract(day from last_day(m.first_day)) as days,
       extract(quarter from m.first_day) as quarter,
       count(o.order_id) as orders
from months m
left join orders o
  on o.ordered_at >= m.first_day and o.ordered_at < dateadd(month, 1, m.first_day)
group by m.first_day
order by m.first_day
