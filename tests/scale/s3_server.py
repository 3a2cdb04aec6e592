"""An S3 server on loopback that checks signatures, as a real one does: moto's."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from newsworld_dagster.warehouse import S3
from tests.scale.servers import free_port

REGION = "us-east-1"
MAY_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}


@dataclass
class S3Server:
    """The server and the one account that it knows."""

    port: int
    process: subprocess.Popen[bytes]
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    buckets: int = 0

    @classmethod
    def start(cls) -> S3Server:
        """Start it, make the account, and let nobody else in."""
        port = free_port()
        server = cls(
            port,
            subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ),
        )
        server._await()
        people = server._client("iam", "any", "any")
        people.create_user(UserName="newsworld")
        people.put_user_policy(
            UserName="newsworld", PolicyName="all", PolicyDocument=json.dumps(MAY_ALL)
        )
        made = people.create_access_key(UserName="newsworld")["AccessKey"]
        server.key, server.secret = made["AccessKeyId"], made["SecretAccessKey"]
        server._ask("reset-auth", b"0")
        return server

    def bucket(self) -> str:
        """A new, empty bucket."""
        self.buckets += 1
        name = f"news-{self.buckets}"
        self.client().create_bucket(Bucket=name)
        return name

    def names(self, bucket: str) -> list[str]:
        """The keys of a bucket's objects."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def opened_with(self, key: str | None = None, secret: str | None = None) -> S3:
        """How the account opens it, or another one."""
        return S3(
            key or self.key, secret or self.secret, f"127.0.0.1:{self.port}", REGION, tls=False
        )

    def settings(self, bucket: str) -> dict[str, str]:
        """The same as settings, for a lake in the bucket."""
        return {
            "NEWSWORLD_LAKE_DATA": f"s3://{bucket}/lake",
            "NEWSWORLD_S3_ENDPOINT": f"127.0.0.1:{self.port}",
            "NEWSWORLD_S3_REGION": REGION,
            "NEWSWORLD_S3_TLS": "false",
            "NEWSWORLD_S3_KEY": self.key,
            "NEWSWORLD_S3_SECRET": self.secret,
        }

    def client(self) -> Any:
        """A client of the account."""
        return self._client("s3", self.key, self.secret)

    def _client(self, service: str, key: str, secret: str) -> Any:
        import boto3

        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            region_name=REGION,
        )

    def _ask(self, what: str, body: bytes | None = None) -> None:
        address = f"http://127.0.0.1:{self.port}/moto-api/{what}"
        asked = urllib.request.Request(address, body, {"Content-Type": "text/plain"})
        with urllib.request.urlopen(asked, timeout=5) as answer:
            answer.read()

    def _await(self) -> None:
        for _ in range(300):
            try:
                self._ask("data.json")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError("The S3 server did not come up within thirty seconds")

    def kill(self) -> None:
        """End it at once; what it held is gone."""
        self.process.kill()
        self.process.wait()
