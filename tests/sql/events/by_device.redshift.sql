-- JSON by paths: what the devices' systems do, from a SUPER column.
select e.payload.device.os::varchar as os,
       count(*) as events,
       sum(case when e.payload.device.width::int < 1000 then 1 else 0 end) as narrow,
       count(e.payload.scroll) as scrolled
from events e
where e.payload.browser = 'firefox'
group by 1
order by 1
