"""Coverage-guided fuzzing: `python -m tests.faults.fuzz TARGET [--seconds 300] [--keep FOLDER]`.

Needs atheris, which is no dependency of the project: `pip install atheris` into the environment.
Targets and what must hold of them are in `fuzz_targets`. Every finding is kept with its input and
told once for each place in the code that it comes from; a hang of the interpreter, a crash of a
library and a memory blow-up end the fuzzer's process, are kept too, and it begins again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
INSTRUMENTED = ["newsworld_dagster", "feedparser", "fastfeedparser"]
# Seconds of CPU that one input may take, after which even a hang in C is ended, and memory.
MOST_SECONDS = 5.0
HANG_SECONDS = 60
MOST_GROWTH = 500 * 2**20
MOST_MEMORY = 3000
MISSING = (
    "The fuzzer atheris is not installed: run `pip install atheris` in this environment, or let "
    "the tests of tests/faults/test_fuzz.py try random input without it.\n"
)
PROGRESS = re.compile(r"#(\d+)\s+[A-Za-z-]+\s+cov: (\d+) ft: (\d+) corp: (\d+)")
ODD: list[Any] = [None, True, -1, 0, 0.5, 1e308, 10**30, "", " ", "\x00", "\ud800", "[1]", "[99]",
                  "x" * 7000, "2026-03-14", "9999-12-31", [], {}, [1], [10**20],
                  "\u202e", "NaN"]  # fmt: skip


def inside(name: str, folder: Path, seconds: int, seed: int) -> None:
    """Fuzz a target in this process, which libFuzzer ends; findings go to `folder`/found."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        # The readers of feeds are imported when they are first needed, which would be too late.
        import fastfeedparser  # noqa: F401
        import feedparser  # noqa: F401

        from tests.faults.fuzz_targets import TARGETS
    target = TARGETS[name]

    def one(content: bytes) -> None:
        began, memory = time.process_time(), _peak()
        try:
            target.run(content)
        except Exception as error:  # noqa: BLE001 - every kind is a finding
            _keep(folder, content, traceback.format_exc(), _place(error))
        took, grown = time.process_time() - began, _peak() - memory
        if took > MOST_SECONDS:
            _keep(folder, content, f"it took {took:.1f} s of CPU", "slow")
        if grown > MOST_GROWTH:
            _keep(folder, content, f"it took {grown / 2**20:.0f} MiB", "large")

    def changed(content: bytes, most: int, number: int) -> bytes:
        return mutated(atheris.Mutate, content, most, number)

    words = folder / "words.txt"
    atheris.Setup(
        [
            sys.argv[0],
            str(folder / "corpus"),
            f"-max_total_time={seconds}",
            f"-max_len={target.most}",
            f"-timeout={HANG_SECONDS}",
            f"-rss_limit_mb={MOST_MEMORY}",
            f"-artifact_prefix={folder}/ended-",
            f"-dict={words}",
            f"-seed={seed}",
            "-print_final_stats=1",
        ],
        one,
        custom_mutator=changed,
    )
    atheris.Fuzz()


def mutated(blindly: Any, content: bytes, most: int, number: int) -> bytes:
    """Half the time a change of the JSON that the input holds, if it is any; else one of bytes."""
    chance = random.Random(number)
    for kind in (b"", content[:1]):
        if chance.random() < 0.5:
            break
        try:
            tree = json.loads(content[len(kind) :])
        except (ValueError, RecursionError):
            continue
        places = list(_places(tree))
        if not places:
            continue
        for _ in range(chance.randint(1, 2)):
            holder, key = chance.choice(places)
            _change(holder, key, chance)
            places = list(_places(tree)) or places
        try:
            changed = kind + json.dumps(tree).encode()
        except (ValueError, RecursionError):
            continue
        if len(changed) <= most:
            return changed
    return bytes(blindly(content, most))


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every holder of a value with the key or index of it."""
    if not isinstance(tree, dict | list):
        return
    for key, value in list(tree.items() if isinstance(tree, dict) else enumerate(tree)):
        yield tree, key
        yield from _places(value)


def _change(holder: Any, key: Any, chance: random.Random) -> None:
    try:
        value = holder[key]
    except (LookupError, TypeError):  # an earlier change took it away
        return
    kind = chance.randrange(5)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, list):
        holder.insert(key, value)
    elif kind == 2 and isinstance(value, str) and value:
        place = chance.randrange(len(value) + 1)
        odd = chance.choice([one for one in ODD if isinstance(one, str)])
        holder[key] = value[:place] + odd + value[chance.randint(place, len(value)) :]
    elif kind == 3 and isinstance(value, int | float):
        holder[key] = chance.choice([value + 1, value * 10, -value, value / 3])
    else:
        holder[key] = chance.choice(ODD)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _place(error: BaseException) -> str:
    """Kind of an error and the innermost line of ours that it came through."""
    lines = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if ("newsworld_dagster" in frame.filename or "fuzz_targets" in frame.filename)
        and frame.name not in ("check", "_storable")
    ]
    return f"{type(error).__name__} at {lines[-1] if lines else 'no line of ours'}"


def _keep(folder: Path, content: bytes, what: str, place: str) -> None:
    """Keep the shortest input of each place, and count them all."""
    name = hashlib.sha256(place.encode()).hexdigest()[:12]
    file, count = folder / "found" / f"{name}.bin", folder / "found" / f"{name}.count"
    with count.open("a") as tally:
        tally.write(".")
    if not file.exists() or len(content) < file.stat().st_size:
        file.write_bytes(content)
        file.with_suffix(".txt").write_text(f"{place}\n{what}\n", encoding="utf-8",
                                            errors="backslashreplace")  # fmt: skip


def fuzz(name: str, seconds: int, folder: Path, shared: Path | None) -> Counter[str]:
    """Fuzz a target for so many seconds; returns inputs tried, coverage, corpus and findings.

    Findings are in `folder`/found: an input and the words on it, for each place in the code.
    """
    from tests.faults.fuzz_targets import TARGETS, seeds

    for part in ("corpus", "found"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for seed in seeds(name, shared, TARGETS[name].most):
        (folder / "corpus" / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
    words = [word.encode("utf-8", "surrogatepass") for word in TARGETS[name].words]
    (folder / "words.txt").write_text(
        "".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in words)
    )
    told: Counter[str] = Counter()
    until = time.monotonic() + seconds
    while (left := int(until - time.monotonic())) > 0:
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.fuzz", name, "--inside", "--keep", str(folder),
             "--seconds", str(left), "--seed", str(told["starts"] + 1)],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        text = done.stderr.decode(errors="replace")
        (folder / f"fuzzer-{told['starts']}.log").write_text(text)
        told["starts"] += 1
        seen = [tuple(map(int, found)) for found in PROGRESS.findall(text)]
        if seen:
            tried, coverage, features, corpus = seen[-1]
            final = re.search(r"number_of_executed_units: (\d+)", text)
            told["inputs"] += int(final[1]) if final else tried
            told["branches"] = max(told["branches"], coverage)
            told["features"] = max(told["features"], features)
            told["corpus"] = corpus
        elif not any(folder.glob("ended-*")):
            raise RuntimeError(f"The fuzzer did not start: {text[-2000:]}")
    told["ended"] = len(list(folder.glob("ended-*")))
    return told


def main() -> int:
    """Fuzz one target and print what was tried and found."""
    if find_spec("atheris") is None:
        sys.stderr.write(MISSING)
        return 2
    from tests.faults.fuzz_targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--keep", type=Path, help="folder for corpus and findings")
    parser.add_argument("--seed", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix=f"fuzz-{given.target}-"))
    shared = os.environ.get("NEWSWORLD_SHARED_DATA")
    told = fuzz(given.target, given.seconds, folder, Path(shared) if shared else None)
    found = sorted((folder / "found").glob("*.txt"))
    sys.stdout.write(
        f"{given.target}: {told['inputs']} inputs, {told['branches']} branches, "
        f"{told['features']} features, {told['corpus']} inputs worth keeping; "
        f"{len(found)} places found, {told['ended']} times the process ended; all in {folder}\n"
    )
    for file in found:
        sys.stdout.write(f"\n{len(file.with_suffix('.count').read_text())} times: {file}\n")
        sys.stdout.write(file.read_text(encoding="utf-8"))
    return bool(found or told["ended"])


if __name__ == "__main__":
    if "--inside" in sys.argv:
        arguments = argparse.ArgumentParser()
        arguments.add_argument("target")
        arguments.add_argument("--inside", action="store_true")
        for option in ("--seconds", "--seed"):
            arguments.add_argument(option, type=int)
        arguments.add_argument("--keep", type=Path)
        asked = arguments.parse_args()
        inside(asked.target, asked.keep, asked.seconds, asked.seed)
    raise SystemExit(main())
