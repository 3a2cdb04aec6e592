"""How soon anything happens: the command's help, the definitions, the Dagster UI.

python -m tests.benchmarks.loading
"""

from __future__ import annotations

import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.benchmarks.figures import Figure, note

ROOT = Path(__file__).parents[2]
ROUNDS = 5
BIN = Path(sys.executable).parent
DEFINITIONS = "from newsworld_dagster import definitions; definitions.defs()"
# The libraries alone, and the manifest of one graph.
PEER = "import dagster, dagster_dbt"
UI_ROUNDS = 3
PATIENCE = 180.0


def processor_seconds(command: list[str], world: Path) -> tuple[float, float]:
    """Wall and processor seconds of a command with its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "NEWSWORLD_DATA_DIR": str(world)},
    )
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def ui_ready(world: Path) -> float:
    """Seconds from `dagster dev` to a page of the UI whose code location is loaded."""
    home = world / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_bytes((ROOT / "dagster.yaml").read_bytes())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(BIN / "dagster"), "dev", "--workspace", str(ROOT / "workspace.yaml")]
    ask = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        data=b'{"query": "{ repositoriesOrError { __typename ... on RepositoryConnection '
        b'{ nodes { name } } } }"}',
        headers={"Content-Type": "application/json"},
    )
    with (world / "dev.log").open("wb") as log:
        started = time.monotonic()
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            cwd=home,
            env={**os.environ, "NEWSWORLD_DATA_DIR": str(world), "DAGSTER_HOME": str(home)},
            stdout=log,
            stderr=log,
        )
        try:
            while time.monotonic() - started < PATIENCE:
                try:
                    with urllib.request.urlopen(ask, timeout=5) as answer:
                        if b'"name"' in answer.read():
                            return time.monotonic() - started
                except OSError:
                    pass
                time.sleep(0.1)
        finally:
            server.terminate()
            server.wait(60)
    raise TimeoutError(f"The UI was not ready within {PATIENCE:g} seconds: {log.name}")


def main() -> int:
    """Print and note the medians."""
    python = sys.executable
    commands = {
        "newsworld --help": ([str(BIN / "newsworld"), "--help"], [python, "-c", "import typer"]),
        "definitions": ([python, "-c", DEFINITIONS], [python, "-c", PEER]),
    }
    names = {"newsworld --help": "python -c 'import typer'", "definitions": f"python -c '{PEER}'"}
    sys.stdout.write("| what | wall s | CPU s | peer | CPU s |\n|---|---|---|---|---|\n")
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder)
        for name, (ours, peer) in commands.items():
            processor_seconds(ours, world)  # its files are read, and dbt's manifest is made
            took: list[tuple[float, float]] = []
            theirs: list[tuple[float, float]] = []
            for _ in range(ROUNDS):
                took.append(processor_seconds(ours, world))
                theirs.append(processor_seconds(peer, world))
            wall, cpu = (statistics.median(column) for column in zip(*took, strict=True))
            other = statistics.median(cpu for _, cpu in theirs)
            sys.stdout.write(f"| {name} | {wall:.2f} | {cpu:.2f} | {names[name]} | {other:.2f} |\n")
            sys.stdout.flush()
            note(
                Figure(name, f"median of {ROUNDS}", wall, cpu, None, names[name], other / cpu,
                       note="ratio by processor seconds")
            )  # fmt: skip
        ready = statistics.median(ui_ready(world) for _ in range(UI_ROUNDS))
    sys.stdout.write(f"\n`dagster dev` to a loaded UI: {ready:.1f} s\n")
    note(Figure("dagster dev to a loaded UI", f"median of {UI_ROUNDS}, a world without articles",
                ready))  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
