-- Blanks at the end of a string do not count in comparisons on Redshift; on Snowflake they do.
select category = 'books ' as equal_with_blank, count(*) as products
from products
where category in ('books', 'toys')
group by 1
order by 1
