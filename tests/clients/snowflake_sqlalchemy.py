"""snowflake-sqlalchemy against the Snowflake server: reflection, DDL, the ORM, MERGE, COPY and pandas."""

import warnings
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pandas
import snowflake.sqlalchemy as snow
import sqlalchemy as sa
from common import SNOWFLAKE, equal, fails
from snowflake.connector.pandas_tools import pd_writer
from sqlalchemy import orm
from sqlalchemy.schema import CreateTable

warnings.simplefilter("ignore", sa.exc.SAWarning)


def connect(**place):
    url = snow.URL(
        account="any",
        user="any",
        password="any",
        host=SNOWFLAKE["host"],
        port=int(SNOWFLAKE["port"]),
        **place,
    )
    return sa.create_engine(url, connect_args={"protocol": "http"})


with connect().connect() as connection:
    connection.execute(sa.text("create database shop"))
    connection.execute(sa.text("create schema shop.other"))
engine = connect(database="SHOP", schema="PUBLIC")
connection = engine.connect()
for statement in """
create table parent (
    id int primary key,
    name varchar(20) not null default 'x' comment 'the name',
    amount number(12,3), ts timestamp_ntz(6), tz timestamp_tz, ltz timestamp_ltz,
    v variant, a array, o object, b binary(10), d date default current_date(),
    f float, t time, flag boolean,
    constraint uq unique (name, amount)
) comment = 'parents';
create table child (
    id int identity(5, 2), pid int, x int,
    constraint fk1 foreign key (pid) references parent (id), constraint pk1 primary key (id, x)
);
create table "Mixed" ("Id" int, "lower" varchar);
create view small comment = 'part' as select id, name from parent;
create sequence counter start 5 increment 3;
create table other.z (a int);
create table other.refers (a int references public.parent (id));
create temporary table own (a int)
""".split(";"):
    connection.execute(sa.text(statement))

# what is there, table by table
found = sa.inspect(connection)
equal(found.get_schema_names(), ["information_schema", "other", "public"])
equal(sorted(found.get_table_names()), ["Mixed", "child", "own", "parent"])
equal(found.get_table_names(schema="other"), ["refers", "z"])
equal(found.get_view_names(), ["small"])
equal(found.get_view_definition("small"), "create view small comment = 'part' as select id, name from parent")
equal(found.get_temp_table_names(), ["own"])
equal(found.get_sequence_names(), ["counter"])
equal([found.has_table(name) for name in ("parent", "Mixed", "none")], [True, True, False])
equal([found.has_sequence(name) for name in ("counter", "none")], [True, False])

columns = {c["name"]: c for c in found.get_columns("parent")}
shown = [(name, repr(c["type"]), c["nullable"], c["default"], c["comment"], c["primary_key"]) for name, c in columns.items()]
number = "_CUSTOM_DECIMAL(precision={}, scale={})"
equal(
    shown,
    [
        ("id", number.format(38, 0), False, None, None, True),
        ("name", "VARCHAR(length=20)", False, "'x'", "the name", False),
        ("amount", number.format(12, 3), True, None, None, False),
        ("ts", "TIMESTAMP_NTZ()", True, None, None, False),
        ("tz", "TIMESTAMP_TZ()", True, None, None, False),
        ("ltz", "TIMESTAMP_LTZ()", True, None, None, False),
        ("v", "VARIANT()", True, None, None, False),
        ("a", "ARRAY()", True, None, None, False),
        ("o", "OBJECT()", True, None, None, False),
        ("b", "BINARY(length=10)", True, None, None, False),
        ("d", "DATE()", True, "current_date()", None, False),
        ("f", "FLOAT()", True, None, None, False),
        ("t", "TIME()", True, None, None, False),
        ("flag", "BOOLEAN()", True, None, None, False),
    ],
)
identity = next(c for c in found.get_columns("child") if c["name"] == "id")
assert identity["autoincrement"] and identity["identity"]["start"] == 5, identity
equal(identity["identity"]["increment"], 2)
equal([str(c["name"]) for c in found.get_columns("Mixed")], ["Id", "lower"])
equal(found.get_pk_constraint("child"), {"constrained_columns": ["id", "x"], "name": "pk1"})
equal(found.get_pk_constraint("parent")["constrained_columns"], ["id"])
(key,) = found.get_foreign_keys("child")
equal(
    (key["name"], key["constrained_columns"], key["referred_schema"], key["referred_table"], key["referred_columns"]),
    ("fk1", ["pid"], None, "parent", ["id"]),
)
(key,) = found.get_foreign_keys("refers", schema="other")
equal((key["referred_schema"], key["referred_table"]), ("public", "parent"))
equal(found.get_unique_constraints("parent"), [{"column_names": ["name", "amount"], "name": "uq"}])
equal(found.get_indexes("parent"), [])
equal([found.get_table_comment(name)["text"] for name in ("parent", "small", "child")], ["parents", "part", None])

# all at once, and what it was made of
everything = sa.MetaData()
everything.reflect(connection, views=True)
equal(sorted(everything.tables), ["Mixed", "child", "own", "parent", "small"])
child = everything.tables["child"]
assert child.c.pid.references(everything.tables["parent"].c.id)
assert (int(child.c.id.identity.start), int(child.c.id.identity.increment)) == (5, 2), repr(child.c.id)
equal(everything.tables["parent"].c.name.type.length, 20)
equal(everything.tables["parent"].comment, "parents")
made = str(CreateTable(child).compile(engine))
assert "CONSTRAINT fk1 FOREIGN KEY(pid) REFERENCES parent (id)" in made, made
other = sa.MetaData()
other.reflect(connection, schema="other", only=["z"])
equal(list(other.tables), ["other.z"])


# tables of classes
class Base(orm.DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: orm.Mapped[int] = orm.mapped_column(sa.Sequence("users_id", order=True), primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(30))
    mails: orm.Mapped[list["Mail"]] = orm.relationship(back_populates="user", cascade="all, delete-orphan")


class Mail(Base):
    __tablename__ = "mails"
    id: orm.Mapped[int] = orm.mapped_column(sa.Sequence("mails_id"), primary_key=True)
    address: orm.Mapped[str]
    user_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("users.id"))
    user: orm.Mapped[User] = orm.relationship(back_populates="mails")


documents = sa.Table(
    "documents",
    Base.metadata,
    sa.Column("id", sa.Integer, sa.Identity(start=3, increment=2), primary_key=True),
    sa.Column("v", snow.VARIANT),
    sa.Column("n", sa.Numeric(10, 2), server_default=sa.text("1.5")),
    sa.Column("tz", snow.TIMESTAMP_TZ),
    sa.Column("b", sa.LargeBinary),
    sa.Column("flag", sa.Boolean),
    sa.Column("at", sa.DateTime),
    sa.Column("day", sa.Date),
    sa.Column("f", sa.Float),
    comment="Documents",
    snowflake_clusterby=["id"],
)
Base.metadata.create_all(engine)
Base.metadata.create_all(engine)

with orm.Session(engine) as session:
    session.add_all([User(name="ada", mails=[Mail(address="a@x"), Mail(address="b@x")]), User(name="bob")])
    session.commit()
    counted = (
        sa.select(User.id, User.name, sa.func.count(Mail.id))
        .join(Mail, isouter=True)
        .group_by(User.id, User.name)
        .order_by(User.name)
    )
    equal([tuple(row) for row in session.execute(counted)], [(1, "ada", 2), (2, "bob", 0)])
    ada = session.scalars(sa.select(User).where(User.name == "ada")).one()
    equal(sorted(mail.address for mail in ada.mails), ["a@x", "b@x"])
    ada.name = "Ada"
    session.commit()
    equal(session.scalars(sa.select(User.name).order_by(User.id).limit(1)).all(), ["Ada"])
    session.add(User(name="nobody"))
    session.flush()
    session.rollback()
    equal(session.scalar(sa.select(sa.func.count()).select_from(User)), 2)
    session.delete(ada)
    session.commit()
    equal(session.scalar(sa.select(sa.func.count()).select_from(Mail)), 0)

with engine.begin() as own:
    values = {
        "tz": datetime(2024, 1, 1, tzinfo=timezone.utc),
        "b": b"\xca\xfe",
        "flag": True,
        "at": datetime(2024, 1, 2, 3, 4, 5, 678),
        "day": date(2024, 2, 29),
        "f": 1.5,
    }
    own.execute(sa.insert(documents), [values, {**values, "f": -0.5}])
    own.execute(sa.insert(documents).from_select(["v"], sa.select(sa.func.parse_json('{"a": {"b": 7}}'))))
    first, second, third = own.execute(sa.select(documents).order_by(documents.c.id)).all()
    equal(tuple(first), (3, None, Decimal("1.50"), *values.values()))
    equal((second.id, second.f), (5, -0.5))
    equal((third.v, third.n), ('{\n  "a": {\n    "b": 7\n  }\n}', Decimal("1.50")))
    equal(own.scalar(sa.text("select v:a.b::int from documents where v is not null")), 7)
    equal(own.execute(documents.update().where(documents.c.id < 6).values(f=2)).rowcount, 2)
    equal(own.execute(documents.delete().where(documents.c.f == 2)).rowcount, 2)
equal(sa.inspect(engine).get_table_comment("documents")["text"], "Documents")

# MERGE, and files in a stage
target = sa.Table("target", sa.MetaData(), sa.Column("k", sa.Integer), sa.Column("v", sa.String))
source = sa.Table("source", target.metadata, sa.Column("k", sa.Integer), sa.Column("v", sa.String))
target.metadata.create_all(engine)
with engine.begin() as own:
    own.execute(target.insert(), [{"k": 1, "v": "a"}, {"k": 2, "v": "b"}])
    own.execute(source.insert(), [{"k": 2, "v": "B"}, {"k": 3, "v": "C"}])
    merge = snow.MergeInto(target, source, target.c.k == source.c.k)
    merge.when_matched_then_update().values(v=source.c.v)
    merge.when_not_matched_then_insert().values(k=source.c.k, v=source.c.v)
    own.execute(merge)
    merged = own.execute(sa.select(target, sa.func.row_number().over(order_by=target.c.k.desc())).order_by(target.c.k))
    equal([tuple(row) for row in merged], [(1, "a", 3), (2, "B", 2), (3, "C", 1)])
    own.execute(sa.text("create stage files"))
    unload = snow.CopyIntoStorage(
        from_=target,
        into=snow.ExternalStage(name="files"),
        formatter=snow.CSVFormatter().compression("gzip").field_delimiter("|"),
    )
    (unloaded,) = own.execute(unload).all()
    equal(unloaded.rows_unloaded, 3)
    own.execute(target.delete())
    load = snow.CopyIntoStorage(
        from_=snow.ExternalStage(name="files"),
        into=target,
        formatter=snow.CSVFormatter().field_delimiter("|"),
    )
    (loaded,) = own.execute(load).all()
    equal((loaded.status, loaded.rows_loaded), ("LOADED", 3))

# data frames
frame = pandas.DataFrame(
    {
        "id": [1, 2, 3],
        "name": ["a", None, "c"],
        "x": [1.5, 2.5, None],
        "at": pandas.to_datetime(["2024-01-01 00:00:00.000", "2024-01-02 03:04:05.678", None]),
        "flag": [True, False, True],
    }
)
frame.to_sql("frame", engine, index=False, if_exists="replace")
frame.to_sql("frame", engine, index=False, if_exists="append", method="multi")
back = pandas.read_sql("select * from frame order by id, name", engine)
equal(len(back), 6)
pandas.testing.assert_frame_equal(back.iloc[::2].reset_index(drop=True), frame, check_dtype=False)
upper = frame.drop(columns=["at"]).rename(columns=str.upper)
upper.to_sql("written", engine, index=False, if_exists="replace", method=pd_writer)
written = pandas.read_sql_table("written", connection)
pandas.testing.assert_frame_equal(written, frame.drop(columns=["at"]), check_dtype=False)

# errors, parameters, and the end
error = fails(lambda: connection.execute(sa.text("select * from nowhere")), sa.exc.ProgrammingError)
equal(error.orig.errno, 2003)
equal(tuple(connection.execute(sa.text("select :x + 1, :y"), {"x": 2, "y": "it's"}).one()), (3, "it's"))
with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
    equal(own.scalar(sa.text("select current_schema()")), "PUBLIC")
assert timedelta(0) == first.tz.utcoffset()
Base.metadata.drop_all(engine)
target.metadata.drop_all(engine)
left = sa.inspect(engine).get_table_names()
equal(sorted(left), ["Mixed", "child", "frame", "parent", "written"])
connection.close()
engine.dispose()
