-- How many customers registered in each month, and how many of them want the newsletter.
select date_trunc('month', registration_date) as month,
       count(*) as customers,
       sum(case when newsletter then 1 else 0 end) as subscribers
from customers
where registration_date >= '2024-01-01'
group by 1
order by 1
