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
from multiprocessing.connection import Connection
from multiprocessing.queues import Queue

from newsworld_dagster.llm import Limits, Terms
from tests.benchmarks.figures import Figure, note
from tests.llm.asks import GOOD, PRICE, answer, ask
from tests.llm.server import MessagesServer, Says

LIMITS = Limits(retries=2, seconds=120.0, silent_seconds=60.0)
WAYS = ((1, 1), (1, 4), (1, 16), (1, 64), (2, 32), (1, 128))


class Remote:
    """A server of another process, as the client of the tests takes one."""

    def __init__(self, url: str) -> None:
        self.url = url


def serve(pipe: Connection, seconds: float) -> None:
    """Answer until told to stop."""
    with MessagesServer(lambda _body: Says(GOOD, slow=seconds)) as server:
        server.counts = False
        pipe.send(server.url)
        pipe.recv()


def work(url: str, first: int, count: int, at_once: int, took: Queue[float]) -> None:
    """Ask `count` questions, `at_once` of them under way; the processor seconds go to `took`."""
    started = time.process_time()
    # Each with a shared part of its own: what shares one waits for the first of them.
    asks = [ask(first + place, shared=f"<data>{first + place}</data>") for place in range(count)]
    found = answer(
        Remote(url),  # type: ignore[arg-type]
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
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    server = spawn.Process(target=serve, args=(theirs, given.seconds), daemon=True)
    server.start()
    url = ours.recv()
    alone = None
    sys.stdout.write("| way | asks | wall s | CPU s | answers/s |\n|---|---|---|---|---|\n")
    for number, (processes, at_once) in enumerate(WAYS):
        # With few under way all the asks would take minutes and say nothing more.
        asks = min(given.asks, 8 * processes * at_once)
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
        under_way = processes * at_once
        name = f"asking, {processes} process{'es' if processes > 1 else ''}, {under_way} under way"
        sys.stdout.write(
            f"| {name} | {asks} | {wall:.1f} | {processor:.2f} | {asks / wall:.1f} |\n"
        )
        if (processes, under_way) == (1, 64):
            alone = wall
        shared = alone if processes > 1 else None
        note(
            Figure(
                name,
                f"{asks} answers of {given.seconds:g} s",
                wall,
                processor,
                peer="one process, as many under way" if shared else None,
                ratio=shared / wall if shared else None,
                note="start of the processes included",
            )
        )
    ours.send(None)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
