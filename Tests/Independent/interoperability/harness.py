"""What the probes are made of: their list, and what they look with."""

from importlib.metadata import version

PROBES = {}


def probe(name, *needs):
    def keep(function):
        PROBES[name] = (function, needs)
        return function

    return keep


def expect(what, seen, wanted):
    print(f"  {what}: {seen}")
    if seen != wanted:
        raise SystemExit(f"docs/interoperability.md says {wanted}")


def refused(action):
    try:
        action()
        return "accepted"
    except Exception as error:
        return type(error).__name__


def versions(*packages):
    print("  " + ", ".join(f"{package} {version(package)}" for package in packages))


def rows(table, query):
    import deltalake
    import pyarrow

    return pyarrow.table(deltalake.QueryBuilder().register("t", table).execute(query).read_all()).to_pylist()


def count(duckdb, source):
    return duckdb.sql(f"select count(*) from {source}").fetchall()[0][0]
