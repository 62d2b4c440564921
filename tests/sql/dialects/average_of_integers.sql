-- AVG of integers keeps the integer type on Redshift and gets six more digits on Snowflake.
select status, avg(line_number) as average_line, avg(quantity) as average_quantity
from order_items i
join orders o on o.order_id = i.order_id
group by status
order by status
