"""An independent check of the schema with every constraint at once (`constraints/dwsim.toml`), by DuckDB alone.

    cd benches/compare/constraints
    cargo dwsim generate --scale 1.2 --out /tmp/data
    python ../integrity.py /tmp/data

Every rule is a query that counts the rows that break it; the sum must be 0.
"""

import sys
import time

import duckdb

RULES = {
    "countries: as given": "select count(*) from (select code, name, currency from countries except select code, name, currency from read_csv('{here}/countries.csv'))",
    "countries: all of them": "select abs((select count(*) from countries) - 5)",
    "accounts: primary key": "select count(*) - count(distinct account_id) from accounts",
    "accounts: key range": "select count(*) from accounts where account_id not between 1000000000 and 9999999999",
    "accounts: email unique": "select count(*) - count(distinct email) from accounts",
    "accounts: email form": "select count(*) from accounts where not regexp_full_match(email, '[a-z]+\\.[a-z]+\\d+@example\\.(com|net|org)')",
    "accounts: voucher unique": "select count(*) - count(distinct voucher) from accounts",
    "accounts: voucher form": "select count(*) from accounts where not regexp_full_match(voucher, '[A-Z]{{4}}-\\d{{4}}')",
    "accounts: token unique": "select count(*) - count(distinct token) from accounts",
    "accounts: token is a UUID 4": "select count(*) from accounts where substr(token, 15, 1) <> '4' or try_cast(token as uuid) is null",
    "accounts: unique(branch, number)": "select count(*) - count(distinct (branch, number)) from accounts",
    "accounts: branch and number in range": "select count(*) from accounts where branch not between 1 and 2000 or number not between 1 and 1000",
    "accounts: country": "select count(*) from accounts a anti join countries c on a.country = c.code",
    "accounts: carried currency": "select count(*) from accounts a join countries c on a.country = c.code where a.currency is distinct from c.currency",
    "accounts: combinations": "select count(*) from accounts where (plan, seats) not in (('free', 1), ('team', 5), ('team', 10), ('company', 100))",
    "accounts: one hot": "select count(*) from accounts where by_web::int + by_phone::int + by_mail::int <> 1",
    "accounts: height, weight in range": "select count(*) from accounts where height not between 120 and 220 or weight not between 35 and 160",
    "accounts: correlation 0.7": "select case when abs(corr(height, weight) - 0.7) < 0.02 then 0 else 1 end from accounts",
    "accounts: managers are there": "select count(*) from accounts a anti join accounts m on a.manager_id = m.account_id where a.manager_id is not null",
    "accounts: one root": "select abs(count(*) - 1) from accounts where manager_id is null",
    "accounts: no circles": """with recursive up as (
        select account_id as start, manager_id as above, 1 as depth from accounts using sample 2000 rows
        union all select u.start, a.manager_id, u.depth + 1 from up u join accounts a on a.account_id = u.above where u.depth < 1000)
        select count(*) from up where depth >= 1000 or above = start""",
    "accounts: opened": "select count(*) from accounts where opened is null or opened < '2020-01-01' or opened >= '2024-01-01'",
    "profiles: one to one": "select count(*) - count(distinct account_id) from profiles",
    "profiles: accounts": "select count(*) from profiles p anti join accounts a using (account_id)",
    "profiles: documents": "select count(*) from profiles where json_extract_string(settings, '$.theme') not in ('light', 'dark') or coalesce(cast(json_extract(settings, '$.size') as int), 1) not between 1 and 9",
    "orders: primary key": "select count(*) - count(distinct (account_id, line)) from orders",
    "orders: accounts": "select count(*) from orders o anti join accounts a using (account_id)",
    "orders: 0 to 8 per account": "select count(*) from (select count(*) as n from orders group by account_id) where n > 8",
    "orders: lines count from 1": "select count(*) from (select max(line) as m, min(line) as l, count(*) as n from orders group by account_id) where m <> n or l <> 1",
    "orders: id unique": "select count(*) - count(distinct order_id) from orders",
    "orders: status": "select count(*) from orders where status not in ('open', 'shipped', 'returned')",
    "orders: shipped only then": "select count(*) from orders where (shipped is null) <> (status = 'open')",
    "orders: created < shipped": "select count(*) from orders where shipped < created + interval 1 hour or shipped > created + interval 3 day",
    "orders: shipped < delivered": "select count(*) from orders where (delivered is null) <> (shipped is null) or delivered < shipped + interval 6 hour or delivered > shipped + interval 10 day",
    "orders: reviewed between": "select count(*) from orders where reviewed not between created and latest or reviewed is null",
    # Exact: DuckDB divides decimals as floats, so the percentage is multiplied.
    "orders: total": "select count(*) from orders where total <> cast(round(cast(quantity as decimal(10,0)) * price * (100 + vat) * 0.01, 2) as decimal(12,2))",
    "orders: discount": "select count(*) from orders where case when status = 'open' then discount not between 1 and 5 else discount <> 0 end",
    "orders: label": "select count(*) from orders where label <> status || '-' || quantity || '-' || order_id",
    "refunds: active accounts only": "select count(*) from active_refunds r anti join (select account_id from accounts where active) a using (account_id)",
    "refunds: carried": "select count(*) from active_refunds where not was_active",
    "notes: about": "select count(*) from notes where about not in ('account', 'order')",
    "notes: accounts": "select count(*) from notes n anti join accounts a on n.subject_id = a.account_id where about = 'account'",
    "notes: orders": "select count(*) from notes n anti join orders o on n.subject_id = o.order_id where about = 'order'",
    "sessions: accounts": "select count(*) from sessions s anti join accounts a using (account_id)",
    "events: sessions": "select count(*) from events e anti join sessions s using (session_id)",
    "events: 1 to 30 per session": "select count(*) from (select s.session_id, count(e.session_id) as n from sessions s left join events e using (session_id) group by 1) where n not between 1 and 30",
    "events: first states": "select count(*) from events where step = 1 and action not in ('view', 'search')",
    "events: transitions": """select count(*) from (select action, lag(action) over (partition by session_id order by step) as before from events)
        where before is not null and (before, action) not in (('view','view'),('view','search'),('view','cart'),('view','leave'),('search','view'),('search','leave'),('cart','buy'),('cart','view'),('cart','leave'),('buy','leave'))""",
    "events: last states": "select count(*) from (select max_by(action, step) as last, count(*) as n from events group by session_id) where last <> 'leave' and n < 30",
    "events: begin with their session": "select count(*) from events e join sessions s using (session_id) where e.step = 1 and e.at <> s.started",
    "events: later and later": """select count(*) from (select "at", lag("at") over (partition by session_id order by step) as before from events)
        where "at" < before + interval 1 second or "at" > before + interval 5 minute""",
    "events: balance steps": """select count(*) from (select balance, lag(balance) over (partition by session_id order by step) as before from events)
        where abs(balance - before) > 20 or balance not between 0 and 1000""",
}


def main():
    folder = sys.argv[1]
    here = __file__.rsplit("/", 1)[0] + "/constraints"
    con = duckdb.connect()
    total = 0
    for table in ("countries", "accounts", "profiles", "orders", "active_refunds", "notes", "sessions", "events"):
        con.execute(f"create view {table} as select * from read_parquet('{folder}/{table}*.parquet')")
        rows = con.execute(f"select count(*) from {table}").fetchone()[0]
        total += rows
        print(f"{table:16} {rows:>12,} rows")
    violations = 0
    begin = time.time()
    for name, query in RULES.items():
        found = con.execute(query.replace("{here}", here).replace("{{", "{").replace("}}", "}")).fetchone()[0]
        violations += found
        if found:
            print(f"BROKEN {name}: {found}")
    print(f"{len(RULES)} rules over {total:,} rows: {violations} violations ({time.time() - begin:.0f} s)")
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
