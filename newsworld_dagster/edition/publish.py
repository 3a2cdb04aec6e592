"""Files to a folder that readers see: only what changed is made, and all of it at once.

    published/
      edition -> .editions/NAME/site    swapped by a rename
      .editions/NAME/site/              what readers see
      .editions/NAME/manifest.json      of each file: what it looked up, digest of its inputs, size

A build is made beside the edition that is there. A file whose looks find what they found before is
not even gathered, and one whose inputs came out the same is not made: both are linked over, unread.
A build that is interrupted leaves the old edition as it was.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
from pydantic_core import from_json, to_json

from newsworld_dagster.edition.lookups import Look, Notes

_HIDDEN = ".editions"
_NONE = np.array([], dtype=np.int64)


class EditionError(RuntimeError):
    """An edition cannot be published."""


@dataclass(frozen=True)
class File:
    """One file of the edition.

    Attributes
    ----------
    path
        Relative, with slashes.
    gather
        Puts the inputs together, plain values only, from what it looks up and from `key`; called
        only when either changed.
    make
        Makes the content of the inputs; called only when they changed.
    key
        All else that `gather` or `make` go by, as plain values.
    """

    path: str
    gather: Callable[[], Any]
    make: Callable[[Any], bytes]
    key: tuple[Any, ...] = ()


class Entry(NamedTuple):
    """What a build keeps of a file.

    Attributes
    ----------
    key
        Digest of its key.
    inputs
        Digest of its inputs.
    size
        Bytes.
    looks
        What it looked up, as places in the build's list of looks.
    stale
        Whether one of them finds something else than it did.
    """

    key: str
    inputs: str
    size: int
    looks: np.ndarray
    stale: bool = False


@dataclass(frozen=True)
class Past:
    """What the build before kept.

    Attributes
    ----------
    site
        Its files; None where nothing can be taken over.
    entries
        By path.
    looks
        The looks that its entries name.
    """

    site: str | None
    entries: Mapping[str, Entry]
    looks: list[Look]


@dataclass(frozen=True)
class Published:
    """What a build did: files there now, made anew, taken over, and gone."""

    files: int
    made: int
    kept: int
    removed: int
    size: int


def publish(files: Iterable[File], target: Path, notes: Notes, *, maker: str) -> Published:
    """Publish files as the folder `target`, appearing there whole or not at all.

    Parameters
    ----------
    files
        The whole edition; what is not among them is gone afterwards.
    target
        The folder, a link that this function owns.
    notes
        Where the files' looks are noted.
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
        past = _past(current, maker, notes)
        fresh = Path(tempfile.mkdtemp(dir=store, prefix="e-"))
        try:
            fresh.chmod(0o755)
            build = _Build(fresh / "site", past, notes)
            for file in files:
                build.add(file)
            build.keep(fresh / "manifest.json", maker)
            _swap(fresh / "site", target)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        _sweep(store, fresh)
    return Published(
        files=len(build.entries),
        made=build.made,
        kept=len(build.entries) - build.made,
        removed=len(past.entries.keys() - build.entries.keys()),
        size=sum(entry.size for entry in build.entries.values()),
    )


class _Build:
    """A folder that fills up with files, made or taken over."""

    def __init__(self, site: Path, past: Past, notes: Notes) -> None:
        self._site = str(site)
        self._past = past
        self._notes = notes
        self._folders: set[str] = set()
        # The build before's looks keep their places, so that what is taken over can name them.
        self._looks = {look: place for place, look in enumerate(past.looks)}
        self.entries: dict[str, Entry] = {}
        self.made = 0

    def add(self, file: File) -> None:
        """Make a file, or take it over where it would come out the same."""
        if file.path in self.entries:
            raise EditionError(f"Two pages have the path {file.path}; nothing was published.")
        place = self._placed(file.path)
        key = _digest(file.key)
        before = self._past.entries.get(file.path)
        if before and before.key != key:
            before = None
        if before and not before.stale and self._taken(file.path, place):
            self.entries[file.path] = before
            return
        with self._notes.taken() as looks:
            inputs = file.gather()
        digest = _digest(inputs)
        noted = np.array(
            [self._looks.setdefault(look, len(self._looks)) for look in looks], dtype=np.int64
        )
        if before and before.inputs == digest and self._taken(file.path, place):
            self.entries[file.path] = Entry(key, digest, before.size, noted)
            return
        content = file.make(inputs)
        Path(place).write_bytes(content)
        self.entries[file.path] = Entry(key, digest, len(content), noted)
        self.made += 1

    def keep(self, manifest: Path, maker: str) -> None:
        """Write down what the next build asks for: the looks with what they found, the entries."""
        looks = list(self._looks)
        looked = np.concatenate([entry.looks for entry in self.entries.values()] or [_NONE])
        used = np.unique(looked).tolist()
        groups: dict[str, list[int]] = {}
        for place in used:
            groups.setdefault(looks[place][0], []).append(place)
        keys = {name: [looks[place][1] for place in group] for name, group in groups.items()}
        # Only looks that are still named are kept, an index after the other.
        places = np.zeros(len(looks), dtype=np.int64)
        places[list(chain(*groups.values()))] = np.arange(len(used))
        document = {
            "maker": maker,
            "looks": {name: (own, self._notes.digests(name, own)) for name, own in keys.items()},
            "files": {
                path: (entry.key, entry.inputs, entry.size, len(entry.looks))
                for path, entry in self.entries.items()
            },
            "looked": places[looked].tolist(),
        }
        manifest.write_bytes(to_json(document))

    def _placed(self, path: str) -> str:
        """Where a file comes to lie, in a folder that is there."""
        folder = path.rpartition("/")[0]
        if folder not in self._folders or not path.removeprefix(folder).strip("/"):
            Path(self._site, _inside(path)).parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        return f"{self._site}/{path}"

    def _taken(self, path: str, place: str) -> bool:
        """Take a file over from the old edition; False where it is not there any more."""
        if self._past.site is None:
            return False
        try:
            os.link(f"{self._past.site}/{path}", place)
        except FileNotFoundError:
            return False
        except OSError:
            # A file system without links.
            shutil.copyfile(f"{self._past.site}/{path}", place)
        return True


def _digest(values: Any) -> str:
    return hashlib.blake2b(to_json(values), digest_size=16).hexdigest()


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


def _past(current: Path | None, maker: str, notes: Notes) -> Past:
    """What there is of the current edition; nothing to take over where it tells nothing."""
    nothing = Past(None, {}, [])
    if current is None:
        return nothing
    try:
        found = from_json((current / "manifest.json").read_bytes())
        if found["maker"] != maker:
            # No content can be kept, but what is gone can still be told.
            return replace(nothing, entries=dict.fromkeys(found["files"], Entry("", "", 0, _NONE)))
    except (OSError, ValueError, TypeError, KeyError):
        # Without it every page is made anew, which is slow and never wrong.
        return nothing
    looks = [(name, key) for name, (keys, _) in found["looks"].items() for key in keys]
    differs = [
        now != then
        for name, (keys, digests) in found["looks"].items()
        for now, then in zip(notes.digests(name, keys), digests, strict=True)
    ]
    looked = np.array(found["looked"], dtype=np.int64)
    # How many of the looks up to each place find something else.
    until = np.append(0, np.cumsum(np.array(differs, dtype=bool)[looked])).tolist()
    entries = {}
    start = 0
    for path, (key, inputs, size, count) in found["files"].items():
        end = start + count
        entries[path] = Entry(key, inputs, size, looked[start:end], until[end] > until[start])
        start = end
    return Past(str(current / "site"), entries, looks)


def _inside(path: str) -> PurePosixPath:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or not parts.parts:
        raise EditionError(f"The page {path!r} would lie outside of the edition.")
    return parts


def _swap(site: Path, target: Path) -> None:
    """Point the link at the new folder in one step."""
    arrow = target.parent / _HIDDEN / "arrow"
    arrow.unlink(missing_ok=True)
    arrow.symlink_to(Path(_HIDDEN) / site.parent.name / site.name)
    arrow.replace(target)
