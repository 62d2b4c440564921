-- Sessions: a gap of more than six hours starts a new one; nested windows over a conditional sum.
with marked as (
    select customer_id,
           occurred_at,
           event_id,
           case
               when datediff(hour, lag(occurred_at) over (partition by customer_id order by occurred_at, event_id), occurred_at) <= 6
               then 0 else 1
           end as starts
    from events
    where customer_id is not null
), numbered as (
    select customer_id,
           sum(starts) over (
               partition by customer_id order by occurred_at, event_id rows between unbounded preceding and current row
           ) as session_no
    from marked
), sizes as (
    select customer_id, session_no, count(*) as events from numbered group by customer_id, session_no
)
select events, count(*) as sessions, count(distinct customer_id) as customers
from sizes
group by events
order by events
