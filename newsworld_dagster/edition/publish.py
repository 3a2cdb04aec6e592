"""Files to a folder that readers see: only what changed is made, and all of it at once.

    published/
      edition -> .editions/NAME/site    swapped by a rename
      .editions/NAME/site/              what readers see
      .editions/NAME/manifest.json      of each file: digest of its inputs, size

A build is made beside the edition that is there. Files whose inputs did not change are linked
over from it, unread; a build that is interrupted leaves the old edition as it was.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_HIDDEN = ".editions"
# Digest of a file's inputs, and its size in bytes.
Entry = tuple[str, int]


class EditionError(RuntimeError):
    """An edition cannot be published."""


@dataclass(frozen=True)
class File:
    """One file of the edition.

    Attributes
    ----------
    path
        Relative, with slashes.
    inputs
        All that its content is made from, as bytes.
    make
        Makes the content; called only when the inputs changed.
    """

    path: str
    inputs: bytes
    make: Callable[[], bytes]


@dataclass(frozen=True)
class Published:
    """What a build did: files there now, made anew, taken over, and gone."""

    files: int
    made: int
    kept: int
    removed: int
    size: int


def publish(files: Iterable[File], target: Path, *, maker: str) -> Published:
    """Publish files as the folder `target`, appearing there whole or not at all.

    Parameters
    ----------
    files
        The whole edition; what is not among them is gone afterwards.
    target
        The folder, a link that this function owns.
    maker
        Digest of what turns inputs into content; when it changes, everything is made anew.

    Raises
    ------
    EditionError
        When `target` is a folder of someone else's, another build is under way, or two files have
        one path.
    """
    if target.exists() and not target.is_symlink():
        raise EditionError(
            f"{target} is not a link that an earlier build left. Move it away, or choose another "
            "folder, and build again; nothing was touched."
        )
    store = target.parent / _HIDDEN
    store.mkdir(parents=True, exist_ok=True)
    with _alone(store):
        current = target.resolve().parent if target.is_symlink() else None
        _sweep(store, current)
        known = _manifest(current, maker)
        fresh = Path(tempfile.mkdtemp(dir=store, prefix="e-"))
        try:
            fresh.chmod(0o755)
            entries, made = _write(files, fresh / "site", current and current / "site", known)
            (fresh / "manifest.json").write_text(json.dumps({"maker": maker, "files": entries}))
            _swap(fresh / "site", target)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        _sweep(store, fresh)
    return Published(
        files=len(entries),
        made=made,
        kept=len(entries) - made,
        removed=len(known.keys() - entries.keys()),
        size=sum(size for _, size in entries.values()),
    )


def _write(
    files: Iterable[File], site: Path, old: Path | None, known: Mapping[str, Entry]
) -> tuple[dict[str, Entry], int]:
    """Write or take over each file; entries of the manifest, and how many were made."""
    entries: dict[str, Entry] = {}
    folders: set[Path] = set()
    made = 0
    for file in files:
        if file.path in entries:
            raise EditionError(f"Two pages have the path {file.path}; nothing was published.")
        place = site / _inside(file.path)
        if place.parent not in folders:
            place.parent.mkdir(parents=True, exist_ok=True)
            folders.add(place.parent)
        digest = hashlib.blake2b(file.inputs, digest_size=16).hexdigest()
        before, size = known.get(file.path, ("", 0))
        if before == digest and old is not None and _link(old / file.path, place):
            entries[file.path] = (digest, size)
            continue
        content = file.make()
        place.write_bytes(content)
        entries[file.path] = (digest, len(content))
        made += 1
    return entries, made


@contextmanager
def _alone(store: Path) -> Iterator[None]:
    with (store / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise EditionError(
                f"Another build is writing to {store.parent}. Wait until it has ended, then build "
                "again."
            ) from error
        yield


def _sweep(store: Path, keep: Path | None) -> None:
    """Remove every build but one: earlier editions and what an interruption left."""
    for folder in store.iterdir():
        if folder.is_dir() and folder != (keep and store / keep.name):
            shutil.rmtree(folder)


def _manifest(current: Path | None, maker: str) -> dict[str, Entry]:
    """Digest and size of each file of the current edition, by path; empty if they tell nothing."""
    if current is None:
        return {}
    try:
        found = json.loads((current / "manifest.json").read_text())
    except (OSError, ValueError):
        # Without it every page is made anew, which is slow and never wrong.
        return {}
    # Another maker: no content can be kept, but what is gone can still be told.
    same = found.get("maker") == maker
    return {path: (digest if same else "", size) for path, (digest, size) in found["files"].items()}


def _inside(path: str) -> PurePosixPath:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or not parts.parts:
        raise EditionError(f"The page {path!r} would lie outside of the edition.")
    return parts


def _link(old: Path, place: Path) -> bool:
    """Take a file over from the old edition; False where it is not there any more."""
    try:
        os.link(old, place)
    except FileNotFoundError:
        return False
    except OSError:
        # A file system without links.
        shutil.copyfile(old, place)
    return True


def _swap(site: Path, target: Path) -> None:
    """Point the link at the new folder in one step."""
    arrow = target.parent / _HIDDEN / "arrow"
    arrow.unlink(missing_ok=True)
    arrow.symlink_to(Path(_HIDDEN) / site.parent.name / site.name)
    arrow.replace(target)
