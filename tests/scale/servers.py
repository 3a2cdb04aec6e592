"""PostgreSQL and Redis of Debian's packages, on loopback, for as long as a test session lasts."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


class ServersMissingError(RuntimeError):
    """A server's program is not installed."""


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str:
    """A program on the path, or where Debian puts those of PostgreSQL."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = next((str(at / name) for at in places if (at / name).is_file()), shutil.which(name))
    if found is None:
        raise ServersMissingError(
            f"{name} is not installed. On Debian: apt-get install postgresql redis-server"
        )
    return found


@dataclass
class Postgres:
    """A PostgreSQL server with a data folder of its own."""

    folder: Path
    port: int

    @classmethod
    def start(cls, folder: Path) -> Postgres:
        """Make a cluster in an empty folder and start it."""
        server = cls(folder, free_port())
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(folder, "postgres", "postgres")
        server._as_owner(program("initdb"), "-D", folder / "data", "-A", "trust", "-U", "newsworld")
        server.go_on()
        return server

    def go_on(self) -> None:
        """Start the server, also after `kill`."""
        # Processes die here, never the machine: what they wrote is in the system's hands. With
        # fsync a start after `kill` waits for a busy disk, once for more than a minute.
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._as_owner(
            *(program("pg_ctl"), "-D", self.folder / "data", "-w", "-t", "60"),
            *("-l", self.folder / "log", "-o", options, "start"),
        )

    def kill(self) -> None:
        """End the server's processes at once."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.05)

    def database(self, name: str, like: str = "template1") -> str:
        """A new database, a copy of another that nobody uses now, as libpq writes it."""
        import psycopg2

        connection = psycopg2.connect(self.dsn("postgres"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        connection.close()
        return self.dsn(name)

    def dsn(self, name: str) -> str:
        """A database of this server as an address."""
        return f"postgresql://newsworld@127.0.0.1:{self.port}/{name}"

    def stop(self) -> None:
        """End the server."""
        self._as_owner(program("pg_ctl"), "-D", self.folder / "data", "-m", "immediate", "stop")

    def _as_owner(self, *command: str | Path) -> None:
        words = [str(word) for word in command]
        owner = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        done = subprocess.run(
            words,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            **owner,
        )
        if done.returncode:
            raise RuntimeError(f"{words[0]} ended with {done.returncode}: {done.stderr.decode()}")


@dataclass
class Redis:
    """A Redis server whose append-only file outlives a kill."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    databases: int = 0

    @classmethod
    def start(cls, folder: Path) -> Redis:
        """Start it."""
        folder.mkdir(parents=True)
        port = free_port()
        server = cls(folder, port, cls._launch(folder, port))
        server._await()
        return server

    @staticmethod
    def _launch(folder: Path, port: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [
                program("redis-server"),
                "--port",
                str(port),
                "--bind",
                "127.0.0.1",
                "--dir",
                str(folder),
                "--appendonly",
                "yes",
            ],
            stdout=subprocess.DEVNULL,
        )

    def _await(self) -> None:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("Redis did not come up within ten seconds")

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()

    def go_on(self) -> None:
        """Start it anew on what its append-only file holds."""
        self.process = self._launch(self.folder, self.port)
        self._await()

    def database(self) -> str:
        """The address of a database that nobody used before; there are sixteen."""
        self.databases += 1
        return f"redis://127.0.0.1:{self.port}/{self.databases}"
