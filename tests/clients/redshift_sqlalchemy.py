"""sqlalchemy-redshift against the Redshift server, through both of its drivers: reflection, DDL, the ORM, pandas."""

import warnings
from datetime import date, datetime
from decimal import Decimal

import pandas
import sqlalchemy as sa
from common import REDSHIFT, equal, fails, s3
from sqlalchemy import orm
from sqlalchemy.schema import CreateTable
from sqlalchemy_redshift import dialect as redshift
from sqlalchemy_redshift.commands import CopyCommand, RefreshMaterializedView, UnloadFromSelect

warnings.simplefilter("ignore")


def connect(driver):
    plain = {"ssl": False} if driver == "redshift_connector" else {"sslmode": "disable"}
    place = f"{REDSHIFT['host']}:{REDSHIFT['port']}"
    return sa.create_engine(f"redshift+{driver}://dev:any@{place}/dev", connect_args=plain)


engine = connect("redshift_connector")
with engine.begin() as own:
    for statement in """
create schema shop;
create schema empty;
create table shop.parent (
    id int not null primary key, name varchar(20) not null default 'x', amount numeric(12,3),
    ts timestamp, tz timestamptz, s super, d date default current_date, f float, r real, flag boolean,
    si smallint, bi bigint, c char(5), t time, ttz timetz, g geometry,
    constraint uq unique (name, amount)
) diststyle key distkey (id) compound sortkey (name, amount);
create table shop.child (
    id int identity(5, 2) encode az64, pid int references shop.parent (id), x int,
    constraint pk1 primary key (id, x), constraint fk2 foreign key (x) references shop.parent (id)
) diststyle all;
create table shop.interleaved (a int, b int, c int) diststyle even interleaved sortkey (c, a);
create view shop.bound as select id, name from shop.parent;
create view shop.late as select id, name from shop.parent with no schema binding;
create materialized view shop.kept as select id, name from shop.parent;
create table plain (a int);
comment on table shop.parent is 'parents';
comment on column shop.parent.name is 'the name'
""".split(";"):
        own.execute(sa.text(statement))

for driver in ("redshift_connector", "psycopg2"):
    reader = connect(driver)
    found = sa.inspect(reader)
    equal(found.default_schema_name, "public")
    assert {"public", "shop", "empty"} <= set(found.get_schema_names()), found.get_schema_names()
    equal([str(name) for name in found.get_table_names()], ["plain"])
    equal(sorted(str(name) for name in found.get_table_names(schema="shop")), ["child", "interleaved", "parent"])
    equal(sorted(str(name) for name in found.get_view_names(schema="shop")), ["bound", "kept", "late"])
    equal(found.get_table_names(schema="empty"), [])
    equal([found.has_table(name, schema="shop") for name in ("parent", "bound", "none")], [True, True, False])
    assert "select id, name from shop.parent" in str(found.get_view_definition("bound", schema="shop"))

    columns = found.get_columns("parent", schema="shop")
    shown = [(c["name"], repr(c["type"]), c["nullable"], c["default"], c["comment"]) for c in columns]
    equal(
        shown,
        [
            ("id", "INTEGER()", False, None, None),
            ("name", "VARCHAR(length=20)", False, "'x'", "the name"),
            ("amount", "NUMERIC(precision=12, scale=3)", True, None, None),
            ("ts", "TIMESTAMP()", True, None, None),
            ("tz", "TIMESTAMPTZ()", True, None, None),
            ("s", "SUPER()", True, None, None),
            ("d", "DATE()", True, "current_date", None),
            ("f", "DOUBLE_PRECISION(precision=53)", True, None, None),
            ("r", "REAL()", True, None, None),
            ("flag", "BOOLEAN()", True, None, None),
            ("si", "SMALLINT()", True, None, None),
            ("bi", "BIGINT()", True, None, None),
            ("c", "CHAR(length=5)", True, None, None),
            ("t", "TIME()", True, None, None),
            ("ttz", "TIMETZ()", True, None, None),
            ("g", "GEOMETRY()", True, None, None),
        ],
    )
    identity = found.get_columns("child", schema="shop")[0]
    assert '"identity"(' in identity["default"] and "5,2" in identity["default"], identity
    equal(identity["info"], {"encode": "az64"})
    for view in ("bound", "late", "kept"):
        columns = found.get_columns(view, schema="shop")
        equal([(c["name"], repr(c["type"])) for c in columns], [("id", "INTEGER()"), ("name", "VARCHAR(length=20)")], view)

    equal(found.get_pk_constraint("parent", schema="shop"), {"constrained_columns": ["id"], "name": "parent_pkey"})
    equal(found.get_pk_constraint("child", schema="shop"), {"constrained_columns": ["id", "x"], "name": "pk1"})
    keys = sorted(found.get_foreign_keys("child", schema="shop"), key=lambda key: key["name"])
    equal(
        [(k["name"], k["constrained_columns"], k["referred_schema"], k["referred_table"], k["referred_columns"]) for k in keys],
        [
            ("child_pid_fkey", ["pid"], "shop", "parent", ["id"]),
            ("fk2", ["x"], "shop", "parent", ["id"]),
        ],
    )
    equal(found.get_unique_constraints("parent", schema="shop"), [{"column_names": ["name", "amount"], "name": "uq"}])
    equal(found.get_indexes("parent", schema="shop"), [])
    equal(found.get_table_comment("parent", schema="shop"), {"text": "parents"})
    options = {
        "parent": ("KEY", "id", ("name", "amount"), None),
        "child": ("ALL", None, (), None),
        "interleaved": ("EVEN", None, None, ("c", "a")),
    }
    for table, expected in options.items():
        got = found.get_table_options(table, schema="shop")
        names = ("redshift_diststyle", "redshift_distkey", "redshift_sortkey", "redshift_interleaved_sortkey")
        equal(tuple(got[name] for name in names), expected, table)

    everything = sa.MetaData()
    everything.reflect(reader, schema="shop", views=True)
    equal(len(everything.tables), 6)
    parent, child = everything.tables["shop.parent"], everything.tables["shop.child"]
    assert child.c.pid.references(parent.c.id)
    made = str(CreateTable(parent).compile(reader))
    for clause in ("DISTSTYLE KEY", "DISTKEY (id)", "SORTKEY (name, amount)", "UNIQUE (name, amount)", "PRIMARY KEY (id)"):
        assert clause in made, made
    made = str(CreateTable(child).compile(reader))
    assert "id INTEGER IDENTITY(5,2)" in made, made
    reader.dispose()

# tables of classes
Base = orm.declarative_base()


class User(Base):
    __tablename__ = "users"
    __table_args__ = {
        "schema": "shop",
        "redshift_diststyle": "KEY",
        "redshift_distkey": "id",
        "redshift_sortkey": ("name", "id"),
    }
    id = sa.Column(sa.Integer, primary_key=True, autoincrement=False)
    name = sa.Column(sa.String(30), redshift_encode="lzo")
    mails = orm.relationship("Mail", back_populates="user", cascade="all, delete-orphan")


class Mail(Base):
    __tablename__ = "mails"
    __table_args__ = {"schema": "shop", "redshift_diststyle": "ALL", "redshift_interleaved_sortkey": ["address", "id"]}
    id = sa.Column(sa.BigInteger, primary_key=True, autoincrement=False)
    address = sa.Column(sa.String(50), unique=True)
    user_id = sa.Column(sa.Integer, sa.ForeignKey("shop.users.id"))
    user = orm.relationship("User", back_populates="mails")


numbered = sa.Table(
    "numbered",
    Base.metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, redshift_identity=(3, 2)),
    sa.Column("text", sa.String(10)),
    sa.Column("amount", sa.Numeric(10, 2)),
    sa.Column("at", sa.DateTime),
    sa.Column("day", sa.Date),
    sa.Column("flag", sa.Boolean),
    sa.Column("doc", redshift.SUPER),
    schema="shop",
)
Base.metadata.create_all(engine)
Base.metadata.create_all(engine)
with orm.Session(engine) as session:
    mails = [Mail(id=1, address="a@x"), Mail(id=2, address="b@x")]
    session.add_all([User(id=1, name="ada", mails=mails), User(id=2, name="bob")])
    session.commit()
    counted = (
        sa.select(User.id, User.name, sa.func.count(Mail.id))
        .join(Mail, isouter=True)
        .group_by(User.id, User.name)
        .order_by(User.name)
    )
    equal([tuple(row) for row in session.execute(counted)], [(1, "ada", 2), (2, "bob", 0)])
    ada = session.execute(sa.select(User).where(User.name == "ada")).scalar_one()
    equal(sorted(mail.address for mail in ada.mails), ["a@x", "b@x"])
    ada.name = "Ada"
    session.commit()
    session.add(User(id=3, name="nobody"))
    session.flush()
    session.rollback()
    equal(session.execute(sa.select(User.name).order_by(User.id).limit(1)).scalars().all(), ["Ada"])
    session.delete(ada)
    session.commit()
    equal(session.execute(sa.select(sa.func.count()).select_from(Mail)).scalar(), 0)
values = {"text": "größe", "amount": Decimal("1.25"), "at": datetime(2024, 2, 29, 1, 2, 3), "day": date(2024, 2, 29), "flag": True}
with engine.begin() as own:
    own.execute(numbered.insert(), [values, {**values, "flag": None}])
    got = own.execute(sa.select(numbered).order_by(numbered.c.id)).fetchall()
    equal([row.id for row in got], [3, 5])
    equal(tuple(got[0])[1:6], tuple(values.values()))
    equal((got[1].flag, got[1].doc), (None, None))
    equal(own.execute(numbered.update().where(numbered.c.id == 3).values(text="x")).rowcount, 1)
    equal(tuple(own.execute(sa.text("select text, :n + 1 from shop.numbered where id = 3"), {"n": 1}).one()), ("x", 2))

# COPY, UNLOAD, and a materialized view
s3().create_bucket(Bucket="alchemy")
s3().put_object(Bucket="alchemy", Key="in/users.csv", Body=b"10,ten\n11,eleven\n")
role = "arn:aws:iam::000000000000:role/any"
# their locations are parameters, which only this driver writes into the text
with connect("psycopg2").begin() as own:
    own.execute(CopyCommand(to=User.__table__, data_location="s3://alchemy/in/", format="CSV", iam_role_arns=role))
    own.execute(
        UnloadFromSelect(
            select=sa.select(User.id, User.name).where(User.id > 9).order_by(User.id),
            unload_location="s3://alchemy/out/",
            iam_role_arns=role,
            parallel=False,
        )
    )
    own.execute(sa.text("create materialized view shop.named as select name from shop.users"))
    own.execute(RefreshMaterializedView("shop.named"))
    equal(own.execute(sa.text("select count(*) from shop.named")).scalar(), 3)
body = s3().get_object(Bucket="alchemy", Key="out/000")["Body"].read()
equal(body, b"10|ten\n11|eleven\n")

# data frames; pandas wants a newer SQLAlchemy for more than the driver's own cursor
raw = engine.raw_connection()
frame = pandas.read_sql("select id, name from shop.users where id > 9 order by id", raw)
equal(frame.to_dict("list"), {"id": [10, 11], "name": ["ten", "eleven"]})
cursor = raw.cursor()
cursor.execute("create table shop.frame (a int, b varchar, c float)")
cursor.write_dataframe(pandas.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.5, -1.0]}), "shop.frame")
cursor.execute("select * from shop.frame order by a")
equal(cursor.fetch_dataframe().to_dict("list"), {"a": [1, 2], "b": ["x", None], "c": [0.5, -1.0]})
raw.commit()
raw.close()

# errors, and the end
error = fails(lambda: engine.execute("select * from nowhere"), sa.exc.ProgrammingError)
assert "42P01" in str(error), error
with engine.begin() as own:
    own.execute(sa.text("drop materialized view shop.named"))
Base.metadata.drop_all(engine)
left = sorted(str(name) for name in sa.inspect(engine).get_table_names(schema="shop"))
equal(left, ["child", "frame", "interleaved", "parent"])
engine.dispose()
