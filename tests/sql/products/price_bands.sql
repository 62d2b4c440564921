-- Text and CASE: products by price band and year of launch, their first two stock-keeping units in one string.
with ranked as (
    select case when price < 10 then 'a: below 10' when price < 50 then 'b: below 50' else 'c: 50 and more' end as band,
           extract(year from launched_on) as launched,
           sku,
           price,
           row_number() over (
               partition by case when price < 10 then 1 when price < 50 then 2 else 3 end, extract(year from launched_on)
               order by sku
           ) as n
    from products
)
select band,
       launched,
       count(*) as products,
       min(price) as cheapest,
       listagg(case when n <= 2 then lower(substring(sku, 1, 3)) end, '+') within group (order by sku) as first_two
from ranked
where launched between 2020 and 2022
group by band, launched
order by band, launched
