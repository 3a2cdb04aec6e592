"""Folders beside a file in which it is made, so that it appears whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def folder_beside(target: Path, kind: str) -> Iterator[Path]:
    """A hidden folder in the folder of `target`, made where there is none, gone afterwards.

    What a killed process left there goes first. A folder in use is told by a lock that dies with
    its process.

    Parameters
    ----------
    kind
        What is made in it, such as 'snapshot'; only folders of the same kind are cleared away.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{kind}-*"):
        with _held(left) as ours:
            if ours:
                shutil.rmtree(left, ignore_errors=True)
    with (
        tempfile.TemporaryDirectory(
            dir=target.parent, prefix=f".{kind}-", ignore_cleanup_errors=True
        ) as folder,
        _held(Path(folder)) as ours,
    ):
        # Another process may have taken it for a leftover in between.
        if not ours or not Path(folder).is_dir():
            raise OSError(f"{folder} was taken away by another process; run this once more")
        yield Path(folder)


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Hold a folder's lock for the block, if nobody else does."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # it has just gone
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
