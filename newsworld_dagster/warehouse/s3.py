"""S3-compatible storage for the Parquet files of a lake."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal

import duckdb

UrlStyle = Literal["path", "vhost"]

SCHEME: Final = "s3://"
AMAZON: Final = "s3.amazonaws.com"
# How DuckDB's httpfs tells that a request failed for the storage's sake.
_STATUS = re.compile(r"\((?:HTTP |HTTP code )(\d{3})")


@dataclass(frozen=True)
class S3:
    """Where a bucket is and with what it is opened.

    Parameters
    ----------
    key, secret
        Access key and its secret; never shown.
    endpoint
        HOST or HOST:PORT of the server; Amazon's by default.
    region
        Name of the region that requests are signed for.
    url_style
        'path' for ENDPOINT/BUCKET, 'vhost' for BUCKET.ENDPOINT.
    tls
        Whether to speak https.
    """

    key: str = field(repr=False)
    secret: str = field(repr=False)
    endpoint: str = AMAZON
    region: str = "us-east-1"
    url_style: UrlStyle = "path"
    tls: bool = True

    def open_for(self, connection: duckdb.DuckDBPyConnection, data: str) -> None:
        """Let a connection that has httpfs read and write below `data`, s3://BUCKET/PREFIX/.

        The secret lives in the connection's memory, and `duckdb_secrets()` hides it.
        """
        connection.execute(
            "CREATE SECRET lake (TYPE s3, KEY_ID $key, SECRET $secret, ENDPOINT $endpoint, "
            "REGION $region, URL_STYLE $style, USE_SSL $tls, SCOPE $scope)",
            {
                "key": self.key,
                "secret": self.secret,
                "endpoint": self.endpoint,
                "region": self.region,
                "style": self.url_style,
                "tls": self.tls,
                "scope": data,
            },
        )

    def hidden(self, words: str) -> str:
        """The words without key and secret, wherever an error may quote them."""
        for text in (self.secret, self.key):
            if text:
                words = words.replace(text, "...")
        return words

    def explain(self, error: duckdb.Error, data: str) -> str | None:
        """What went wrong and what to do, in words; None for an error that is not the storage's."""
        said = self.hidden(" ".join(str(error).split()))
        bucket = data.removeprefix(SCHEME).partition("/")[0]
        status = _STATUS.search(said)
        if "NoSuchBucket" in said:
            return (
                f"the storage at {self.endpoint} has no bucket {bucket!r}. Make it, or correct "
                "NEWSWORLD_LAKE_DATA"
            )
        if status is not None and status[1] in ("301", "400") and "egion" in said:
            return (
                f"the bucket {bucket!r} is not in the region {self.region!r}. Set "
                f"NEWSWORLD_S3_REGION to the one it is in ({said[:300]})"
            )
        if status is not None and status[1] in ("401", "403"):
            return f"{self._refusal(said)} (the storage at {self.endpoint} said {status[1]})"
        if isinstance(error, duckdb.IOException) and " error for HTTP " in said:
            style = ", NEWSWORLD_S3_URL_STYLE" if self.url_style == "vhost" else ""
            return (
                f"the storage at {self.endpoint} does not answer ({said[:200]}). Check that it "
                f"runs and can be reached from here, NEWSWORLD_S3_ENDPOINT{style} and "
                "NEWSWORLD_S3_TLS"
            )
        if isinstance(error, duckdb.HTTPException):
            return (
                f"the storage at {self.endpoint} failed ({said[:300]}). Look in its log; the same "
                "command can be run again"
            )
        return None

    @staticmethod
    def _refusal(said: str) -> str:
        if "SignatureDoesNotMatch" in said:
            return (
                "the secret does not belong to the access key. Correct NEWSWORLD_S3_SECRET "
                "(and NEWSWORLD_S3_REGION, which is signed along)"
            )
        if "InvalidAccessKeyId" in said:
            return "the access key is not known there. Correct NEWSWORLD_S3_KEY"
        return (
            "the access key may not do this. Let it list, read, write and delete in the bucket of "
            "NEWSWORLD_LAKE_DATA, or correct NEWSWORLD_S3_KEY and NEWSWORLD_S3_SECRET"
        )
