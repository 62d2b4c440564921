select customer_id, lower(email) as email, cast(registration_date as date) as registered_on
from {{ source('shop', 'customers') }}
