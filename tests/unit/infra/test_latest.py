"""A batch without what others of it make pointless leaves the same rows, in whatever order it is written."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.embedded.tables import EmbeddedTables
from infra.tables import Row, Table, Write, latest

TABLE = Table("marks", partition={"chat": int}, columns={"one": int, "other": int})

small = st.integers(0, 2)
writes = st.lists(
    st.one_of(
        st.builds(
            lambda chat, at, columns: TABLE.put(at + 1, chat=chat, **columns),
            small,
            st.integers(0, 9),
            st.dictionaries(st.sampled_from(["one", "other"]), small),
        ),
        st.builds(lambda chat, at: TABLE.remove(at + 1, chat=chat), small, st.integers(0, 9)),
    ),
    max_size=30,
)


async def rows_after(writes: list[Write]) -> list[Row]:
    with TemporaryDirectory() as folder:
        tables = EmbeddedTables(Path(folder) / "tables.db")
        await tables.create([TABLE])
        await tables.write(writes)
        found = [each async for each in tables.rows(TABLE)]
        await tables.close()
        return found


@settings(deadline=None, max_examples=40)
@given(writes)
async def test_what_is_left_of_a_batch_leaves_the_same_rows(batch: list[Write]) -> None:
    assert await rows_after(latest(batch)) == await rows_after(batch)


def test_of_many_writes_of_one_row_one_is_left() -> None:
    assert latest([TABLE.put(at, chat=1, one=at) for at in (3, 9, 4)]) == [TABLE.put(9, chat=1, one=9)]
