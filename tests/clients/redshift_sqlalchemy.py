"""sqlalchemy-redshift over both drivers: tables, types, queries, and reflection of what it made."""

import sqlalchemy as sa
from common import REDSHIFT, equal
from sqlalchemy_redshift.dialect import SUPER  # noqa: F401 (registers the dialect)

for driver, arguments in (("psycopg2", {"sslmode": "disable"}), ("redshift_connector", {"ssl": False})):
    engine = sa.create_engine(
        f"redshift+{driver}://dev:any@{REDSHIFT['host']}:{REDSHIFT['port']}/dev", connect_args=arguments
    )
    schema = f"with_{driver}"
    meta = sa.MetaData(schema=schema)
    customers = sa.Table(
        "customers",
        meta,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(40), nullable=False, info={"encode": "lzo"}),
        sa.Column("since", sa.DateTime),
        sa.Column("paid", sa.Numeric(12, 2), server_default="0"),
        redshift_diststyle="KEY",
        redshift_distkey="id",
        redshift_sortkey=["since", "id"],
    )
    orders = sa.Table(
        "orders",
        meta,
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("customer", sa.Integer, sa.ForeignKey(f"{schema}.customers.id")),
        sa.UniqueConstraint("customer", name="one_each"),
    )
    with engine.begin() as c:
        c.execute(sa.text(f"create schema {schema}"))
        meta.create_all(c)
        c.execute(customers.insert(), [{"id": n, "name": f"n{n}"} for n in range(3)])
        c.execute(sa.text(f"create view {schema}.named as select name from {schema}.customers"))
        c.execute(
            sa.text(f"create view {schema}.late as select id, name from {schema}.customers with no schema binding")
        )
    with engine.connect() as c:
        rows = c.execute(sa.select(customers.c.name, customers.c.paid).order_by(customers.c.id.desc())).fetchall()
        equal([str(r[0]) for r in rows], ["n2", "n1", "n0"])
        equal(c.execute(sa.select(sa.func.count()).select_from(customers)).scalar(), 3)
    inspector = sa.inspect(engine)
    assert schema in inspector.get_schema_names()
    equal(sorted(inspector.get_table_names(schema)), ["customers", "orders"])
    equal(sorted(inspector.get_view_names(schema)), ["late", "named"])
    columns = inspector.get_columns("customers", schema)
    equal([c["name"] for c in columns], ["id", "name", "since", "paid"])
    equal([str(c["type"]) for c in columns], ["INTEGER", "VARCHAR(40)", "TIMESTAMP", "NUMERIC(12, 2)"])
    equal([c["nullable"] for c in columns], [False, False, True, True])
    equal([c["name"] for c in inspector.get_columns("late", schema)], ["id", "name"])
    equal(inspector.get_pk_constraint("customers", schema)["constrained_columns"], ["id"])
    foreign = inspector.get_foreign_keys("orders", schema)
    equal([(f["constrained_columns"], f["referred_table"]) for f in foreign], [(["customer"], "customers")])
    equal([u["column_names"] for u in inspector.get_unique_constraints("orders", schema)], [["customer"]])
    options = inspector.get_table_options("customers", schema=schema)
    equal(options["redshift_diststyle"], "KEY")
    equal(options["redshift_distkey"], "id")
    reflected = sa.Table("customers", sa.MetaData(), schema=schema, autoload_with=engine)
    equal([c.name for c in reflected.columns], ["id", "name", "since", "paid"])
    engine.dispose()
