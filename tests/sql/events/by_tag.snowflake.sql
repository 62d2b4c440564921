-- Unnesting an array: the ten tags that purchases carry most.
select t.value::varchar as tag, count(*) as events, count(distinct e.customer_id) as customers
from events e, lateral flatten(input => e.payload:tags) t
where e.kind = 'purchase'
group by 1
order by events desc, tag
limit 10
