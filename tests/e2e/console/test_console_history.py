"""Long conversations: brought in by dropping an export, paged both ways, with only what is seen in the document."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Route, expect

from tests.e2e.console.person import Arrive, Person

MESSAGES = 10_000
MOST_ROWS = 120  # what a tall screen and its margins can hold
FIRST_ROW = "() => document.querySelector('.messages .row').dataset.key"


def _export(path: Path, messages: int) -> Path:
    lines = [
        f"{1 + i // 400:02d}/03/2024, {10 + i % 400 // 60:02d}:{i % 60:02d} - {'Dana' if i % 3 else 'Noa'}: message {i}"
        + ("\nwith a second line" if i % 10 == 0 else "")
        for i in range(messages)
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _drop(one: Person, file: Path) -> None:
    data = one.page.evaluate_handle(
        """([name, text]) => {
          const data = new DataTransfer();
          data.items.add(new File([text], name, {type: 'text/plain'}));
          return data;
        }""",
        [file.name, file.read_text()],
    )
    for event in ("dragover", "drop"):
        one.page.locator(".chat-page").dispatch_event(event, {"dataTransfer": data})


def _import(one: Person, file: Path) -> None:
    """Drops an export of Dana's and opens what became of it."""
    _drop(one, file)
    dialog = one.page.get_by_role("dialog")
    expect(dialog).to_contain_text("message 0")
    expect(dialog.get_by_role("textbox", name="Title")).to_have_value("Dana")
    dialog.get_by_role("combobox", name="Dates in the file").select_option("dmy")
    dialog.get_by_role("button", name="Import", exact=True).click()
    dialog.get_by_role("button", name="Open the conversation").click(timeout=240_000)
    expect(one.head).to_contain_text("Dana")


def _shown(one: Person) -> list[int]:
    """The numbers of the messages that are in the document, from above."""
    return [int(number) for number in re.findall(r"message (\d+)", _messages(one).inner_text())]


def _messages(one: Person) -> Locator:
    return one.page.get_by_role("log", name="Messages")


def _scroll(one: Person, how: str) -> None:
    """Scrolls the messages, and lets the browser draw what follows: it tells of scrolling only with its next frame."""
    _messages(one).evaluate(
        f"async (element) => {{ {how};"
        " for (let i = 0; i < 2; i++) await new Promise((resolve) => requestAnimationFrame(resolve)); }"
    )


def _newest(one: Person) -> Locator:
    return one.page.get_by_role("button", name="Jump to the newest message")


def test_an_export_is_dropped_previewed_imported_and_read(person: Arrive, tmp_path: Path) -> None:
    ann = person("ann")
    _import(ann, _export(tmp_path / "Chat with Dana.txt", MESSAGES))
    newest, messages = _newest(ann), _messages(ann)
    # It opens where reading stopped, or at the end; the end is one key away.
    last = messages.get_by_text(f"message {MESSAGES - 1}", exact=True)
    expect(newest.or_(last).first).to_be_visible()
    if newest.is_visible():
        newest.click()
    expect(last).to_be_visible()

    # Up through many pages. What is in view stays put while older pages come in above it.
    seen: set[int] = set()
    while len(seen) < 900:  # more than is held at a time
        shown = _shown(ann)
        assert shown == sorted(shown)
        assert ann.page.locator(".messages .row").count() < MOST_ROWS
        seen |= set(shown)
        before = ann.page.evaluate(FIRST_ROW)
        # Well within a view: rows that were never measured turn out higher than was estimated when they are drawn.
        _scroll(ann, "element.scrollBy(0, -400)")
        ann.page.wait_for_function(f"before => ({FIRST_ROW})() !== before", arg=before)
    skipped = sorted(set(range(min(seen), MESSAGES)) - seen)
    assert not skipped, f"messages were skipped: {skipped[:3]} to {skipped[-3:]}, {len(skipped)} in all"

    newest.click()
    expect(last).to_be_visible()


def test_a_page_that_comes_after_the_jump_to_the_newest_has_no_place(person: Arrive, tmp_path: Path) -> None:
    ann = person("ann")
    _import(ann, _export(tmp_path / "Chat with Dana.txt", 1_000))
    expect(_messages(ann).get_by_text(re.compile("message")).first).to_be_visible()
    while 0 not in _shown(ann):
        before = ann.page.evaluate(FIRST_ROW)
        _scroll(ann, "element.scrollTo(0, 0)")
        ann.page.wait_for_function(f"before => ({FIRST_ROW})() !== before", arg=before)
    held: list[Route] = []

    def hold(route: Route) -> None:
        """The newest page comes only when a later page of the old place was asked for, and that one comes last."""
        held.append(route)
        later = [one for one in held if "after_seq" in one.request.url]
        newest = [one for one in held if not re.search("after_seq|before|around", one.request.url)]
        if later and newest:
            for one in newest:
                held.remove(one)
                one.fallback()

    ann.page.route(re.compile(r"/messages\?"), hold)
    _newest(ann).click()
    _scroll(ann, "element.scrollTo(0, element.scrollHeight)")
    last = _messages(ann).get_by_text("message 999", exact=True)
    expect(last).to_be_visible()
    ann.page.unroute(re.compile(r"/messages\?"))
    late = [one.request for one in held if "after_seq" in one.request.url]
    assert late
    for one in held:
        one.fallback()
    for request in late:
        answer = request.response()
        assert answer is not None
        answer.finished()
    _scroll(ann, "null")
    expect(last).to_be_visible()
    expect(_newest(ann)).to_have_count(0)
    assert min(_shown(ann)) > 900


def test_only_exports_can_be_dropped(person: Arrive, tmp_path: Path) -> None:
    ann = person("ann")
    picture = tmp_path / "picture.png"
    picture.write_text("not a chat")
    _drop(ann, picture)
    expect(ann.page.get_by_role("alert")).to_contain_text("Only exported chats")
    expect(ann.page.get_by_role("dialog")).to_have_count(0)
