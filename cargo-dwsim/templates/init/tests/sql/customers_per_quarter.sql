-- One text for both warehouses, one snapshot beside it: customers_per_quarter.snap.
select date_trunc('quarter', registration_date) as quarter,
       count(*) as customers
from customers
group by 1
order by 1
