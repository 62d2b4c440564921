-- MERGE on the test's own fork: prices change, one product is new; then what became of them.
create table price_changes (product_id integer, new_price decimal(8,2));
insert into price_changes values (1, 10.00), (2, 20.50), (3, 30.25), (100001, 99.99);
merge into products
using price_changes c on products.product_id = c.product_id
when matched then update set price = c.new_price
when not matched then insert (product_id, sku, name, category, price) values (c.product_id, 'NEW-0001', 'New', 'toys', c.new_price);
select product_id, price, case when product_id > 100000 then category end as new_category
from products
where product_id <= 3 or product_id > 100000
order by product_id
