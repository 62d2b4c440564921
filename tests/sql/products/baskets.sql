-- Three joins and decimal arithmetic: what each category earns, with discounts that may be missing.
select p.category,
       sum(i.quantity) as pieces,
       sum(i.quantity * i.unit_price) as gross,
       sum(i.quantity * i.unit_price * coalesce(i.discount, 0)) as discounts,
       count(i.discount) as discounted,
       count(distinct o.customer_id) as customers
from order_items i
join products p on p.product_id = i.product_id
join orders o on o.order_id = i.order_id
where o.status in ('paid', 'shipped')
group by p.category
order by p.category
