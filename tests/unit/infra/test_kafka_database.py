"""The local database of a command processor, and what earlier releases left beside it."""

from pathlib import Path

from rocksdict import Options, Rdict

from infra.kafka.database import Database


def old(path: Path) -> Rdict:
    """A database as earlier releases kept one for each partition."""
    values = Rdict(str(path), Options(raw_mode=True))
    values[b"=key"] = b"value"
    return values


def test_the_databases_of_single_partitions_are_removed_and_nothing_else(tmp_path: Path) -> None:
    store, place = tmp_path / "values", ("chat.state", 3)
    first = Database(store, None)
    first.part(place).apply([(b"key", b"value")], None)
    first.close()
    for name in ("chat.state-3", "chat.answered-11", "chat.events-3", "chat.state-3-copy"):
        old(store / name).close()
    old(tmp_path / "elsewhere").close()
    (store / "shop.state-1").mkdir()
    (store / "shop.state-1" / "CURRENT").write_text("somebody's own")
    (store / "shop.state-2").write_text("a file")
    (store / "shop.state-4").symlink_to(tmp_path / "elsewhere")
    in_use = old(store / "mail.state-0")
    second = Database(store, None)
    assert second.part(place).get_many([b"key"]) == [b"value"]
    second.close()
    left = {each.name for each in store.iterdir() if "." in each.name and each.name[0].islower()}
    kept = {"chat.events-3", "chat.state-3-copy", "shop.state-1", "shop.state-2", "shop.state-4", "mail.state-0"}
    assert left - {"rocksdict-config.json"} == kept
    assert (tmp_path / "elsewhere" / "CURRENT").exists()
    assert in_use[b"=key"] == b"value"
    in_use.close()
    Database(store, None).close()
    assert not (store / "mail.state-0").exists()
