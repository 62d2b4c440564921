-- Division of integers truncates on Redshift and is decimal on Snowflake.
select order_id, order_id / 7 as seventh, order_id / 7 * 7 as rounded
from orders
where order_id between 12 and 15
order by order_id
