"""What one process asks of a language model, and what more processes add.

    python -m tests.benchmarks.asking [--seconds 3] [--asks 256]

A server on loopback takes some seconds for each answer, as language models do, and any number of
requests at once. One process asks, with so many requests under way; and the same number of
requests is shared by two processes, as two workers would. Processor seconds are of those that ask.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from dataclasses import dataclass
from multiprocessing.queues import Queue

from newsworld_dagster.llm import Limits, Terms
from tests.benchmarks.figures import Figure, note
from tests.llm.asks import GOOD, PRICE, answer, ask
from tests.llm.server import MessagesServer, Says

LIMITS = Limits(retries=2, seconds=120.0, silent_seconds=60.0)
WAYS = ((1, 1), (1, 4), (1, 16), (1, 64), (2, 32), (1, 128))


@dataclass(frozen=True)
class Remote:
    """The server, as another process knows it."""

    url: str


def work(url: str, first: int, count: int, at_once: int, took: Queue[float]) -> None:
    """Ask `count` questions, `at_once` of them under way; the processor seconds go to `took`."""
    started = time.process_time()
    # Each with a shared part of its own: what shares one waits for the first of them.
    asks = [ask(first + place, shared=f"<data>{first + place}</data>") for place in range(count)]
    found = answer(
        Remote(url),
        asks,
        terms=Terms(concurrency=at_once, price=PRICE),
        limits=LIMITS,
    )
    assert len(found) == count
    took.put(time.process_time() - started)


def main() -> int:
    """Print and note a line a way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="for one answer")
    parser.add_argument("--asks", type=int, default=256)
    given = parser.parse_args()
    with MessagesServer(lambda _body: Says(GOOD, slow=given.seconds)) as server:
        server.counts = False
        measure(server.url, given.asks, given.seconds)
    return 0


def measure(url: str, most: int, seconds: float) -> None:
    """A line for each way, of `most` questions at most."""
    spawn = multiprocessing.get_context("spawn")
    alone: dict[int, float] = {}
    sys.stdout.write("| way | asks | wall s | CPU s | answers/s |\n|---|---|---|---|---|\n")
    for number, (processes, at_once) in enumerate(WAYS):
        under_way = processes * at_once
        # With few under way all the asks would take minutes and say nothing more.
        asks = min(most, 8 * under_way)
        took: Queue[float] = spawn.Queue()
        share = asks // processes
        workers = []
        for part in range(processes):
            first = 10_000 * number + part * share
            arguments = (url, first, share, at_once, took)
            workers.append(spawn.Process(target=work, args=arguments))
        started = time.monotonic()
        for worker in workers:
            worker.start()
        processor = sum(took.get() for _ in workers)
        wall = time.monotonic() - started
        for worker in workers:
            worker.join()
        if processes == 1:
            alone[under_way] = wall
        name = f"asking, {processes} process{'es' if processes > 1 else ''}, {under_way} under way"
        sys.stdout.write(
            f"| {name} | {asks} | {wall:.1f} | {processor:.2f} | {asks / wall:.1f} |\n"
        )
        note(
            Figure(
                name,
                f"{asks} answers of {seconds:g} s",
                wall,
                processor,
                peer="one process, as many under way" if processes > 1 else None,
                ratio=alone[under_way] / wall if processes > 1 else None,
                note="start of the processes included",
            )
        )


if __name__ == "__main__":
    raise SystemExit(main())
