{{ config(materialized='incremental', unique_key='registered_month') }}
select registered_month, count(*) as customers, sum(revenue) as revenue
from {{ ref('customer_revenue') }}
{% if is_incremental() %}
where registered_month >= (select max(registered_month) from {{ this }})
{% endif %}
group by registered_month
