from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from newsworld_dagster.edition import EditionError, File, Notes, Published
from newsworld_dagster.edition import publish as publish_files


def file(path: str, text: str, calls: list[str] | None = None) -> File:
    def make(inputs: str) -> bytes:
        if calls is not None:
            calls.append(path)
        return inputs.encode()

    return File(path, lambda: text, make, (text,))


def publish(files: list[File], target: Path, *, maker: str) -> Published:
    """Publish files that look nothing up."""
    return publish_files(files, target, Notes(), maker=maker)


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_only_what_changed_is_made(tmp_path: Path) -> None:
    target = tmp_path / "edition"
    calls: list[str] = []
    first = publish([file("a.html", "1", calls), file("b/c.html", "2", calls)], target, maker="m")
    assert (first.files, first.made, first.kept, first.removed, first.size) == (2, 2, 0, 0, 2)
    calls.clear()
    again = publish(
        [file("a.html", "1", calls), file("b/c.html", "3", calls), file("d.html", "4", calls)],
        target,
        maker="m",
    )
    assert calls == ["b/c.html", "d.html"]
    assert (again.made, again.kept, again.removed) == (2, 1, 0)
    assert tree(target) == {"a.html": "1", "b/c.html": "3", "d.html": "4"}


def test_pages_that_are_gone_go(tmp_path: Path) -> None:
    target = tmp_path / "edition"
    publish([file("a.html", "1"), file("b/c.html", "2")], target, maker="m")
    made = publish([file("a.html", "1")], target, maker="m")
    assert made.removed == 1
    assert tree(target) == {"a.html": "1"}
    assert not (target / "b").exists()


def test_another_maker_makes_everything_anew(tmp_path: Path) -> None:
    target = tmp_path / "edition"
    publish([file("a.html", "1"), file("b.html", "1")], target, maker="m")
    made = publish([file("a.html", "1")], target, maker="another")
    assert (made.made, made.kept, made.removed) == (1, 0, 1)


def test_an_interrupted_build_leaves_the_old_edition_whole(tmp_path: Path) -> None:
    target = tmp_path / "edition"
    publish([file("a.html", "old"), file("b.html", "old")], target, maker="m")

    def broken(inputs: str) -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish([file("a.html", "new"), File("b.html", lambda: "x", broken)], target, maker="m")
    assert tree(target) == {"a.html": "old", "b.html": "old"}
    made = publish([file("a.html", "new"), file("b.html", "old")], target, maker="m")
    assert made.kept == 1
    assert tree(target) == {"a.html": "new", "b.html": "old"}


def test_what_a_killed_build_left_is_swept(tmp_path: Path) -> None:
    target = tmp_path / "edition"
    publish([file("a.html", "1")], target, maker="m")
    left = tmp_path / ".editions" / "e-killed" / "site"
    left.mkdir(parents=True)
    (left / "half.html").write_text("half")
    publish([file("a.html", "2")], target, maker="m")
    assert not left.exists()
    assert len([p for p in (tmp_path / ".editions").iterdir() if p.is_dir()]) == 1


def test_a_file_lost_from_the_old_edition_is_made_anew(tmp_path: Path) -> None:
    target = tmp_path / "edition"
    publish([file("a.html", "1"), file("b.html", "1")], target, maker="m")
    (target / "b.html").unlink()
    made = publish([file("a.html", "1"), file("b.html", "1")], target, maker="m")
    assert (made.made, made.kept) == (1, 1)
    assert tree(target) == {"a.html": "1", "b.html": "1"}


def test_a_damaged_manifest_costs_time_only(tmp_path: Path) -> None:
    target = tmp_path / "edition"
    publish([file("a.html", "1")], target, maker="m")
    (target.resolve().parent / "manifest.json").write_text("{")
    assert publish([file("a.html", "1")], target, maker="m").made == 1


def test_a_reader_of_the_old_edition_reads_on(tmp_path: Path) -> None:
    target = tmp_path / "edition"
    publish([file("a.html", "old")], target, maker="m")
    with (target / "a.html").open() as reading:
        publish([file("a.html", "new")], target, maker="m")
        assert reading.read() == "old"
    assert (target / "a.html").read_text() == "new"


def test_a_folder_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "edition"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    with pytest.raises(EditionError, match="not a link that an earlier build left"):
        publish([file("a.html", "1")], target, maker="m")
    assert tree(target) == {"mine.txt": "mine"}


def test_two_builds_at_once_do_not_mix(tmp_path: Path) -> None:
    target = tmp_path / "edition"
    publish([file("a.html", "1")], target, maker="m")
    with (tmp_path / ".editions" / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(EditionError, match="Another build is writing"):
            publish([file("a.html", "2")], target, maker="m")
    assert tree(target) == {"a.html": "1"}


@pytest.mark.parametrize("path", ["../out.html", "/etc/out.html", "a/../../out.html", ""])
def test_no_page_lies_outside(tmp_path: Path, path: str) -> None:
    with pytest.raises(EditionError, match="outside of the edition"):
        publish([file(path, "1")], tmp_path / "edition", maker="m")
    assert not (tmp_path / "edition").exists()


def test_two_pages_cannot_share_a_path(tmp_path: Path) -> None:
    with pytest.raises(EditionError, match=r"Two pages have the path a\.html"):
        publish([file("a.html", "1"), file("a.html", "2")], tmp_path / "edition", maker="m")
