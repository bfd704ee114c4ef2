"""An object store, as far as a query needs one: S3's HEAD, GET with ranges, lists, and uploads, in a dict."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from daft.io import IOConfig, S3Config


@contextmanager
def stored(objects: MutableMapping[str, bytes]) -> Iterator[IOConfig]:
    """How Daft reads and writes `s3://...` until the end of the block, where `objects` are by bucket and name."""
    parts: dict[tuple[str, int], bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_HEAD(self) -> None:
            self.do_GET()

        @property
        def name(self) -> str:
            return unquote(self.path.partition("?")[0]).strip("/")

        @property
        def query(self) -> dict[str, list[str]]:
            return parse_qs(self.path.partition("?")[2], keep_blank_values=True)

        def answer(self, text: str = "") -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"1"')
            self.end_headers()
            self.wfile.write(body)

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if "partNumber" in self.query:
                parts[self.name, int(self.query["partNumber"][0])] = body
            else:
                objects[self.name] = body
            self.answer()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            bucket, _, key = self.name.partition("/")
            if "uploads" in self.query:
                kind, more = "InitiateMultipartUploadResult", "<UploadId>1</UploadId>"
            else:
                kind, more = "CompleteMultipartUploadResult", "<ETag>1</ETag>"
                objects[self.name] = b"".join(parts.pop(each) for each in sorted(parts) if each[0] == self.name)
            self.answer(f"<{kind}><Bucket>{bucket}</Bucket><Key>{escape(key)}</Key>{more}</{kind}>")

        def do_GET(self) -> None:
            if "list-type" in self.query:
                bucket, prefix = self.name, self.query.get("prefix", [""])[0]
                names = [name for name in objects if name.startswith(f"{bucket}/{prefix}")]
                listed = "".join(
                    f"<Contents><Key>{escape(name.partition('/')[2])}</Key><Size>{len(objects[name])}</Size></Contents>"
                    for name in names
                )
                self.answer(f"<ListBucketResult><Name>{bucket}</Name>{listed}</ListBucketResult>")
                return
            found = objects.get(self.name)
            asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            body = found or b""
            if asked:
                body = body[int(asked[1]) : int(asked[2] or len(body)) + 1]
            self.send_response(404 if found is None else 206 if asked else 200)
            self.send_header("Content-Length", str(len(body)))
            if asked and found:
                self.send_header("Content-Range", f"bytes {asked[1]}-{int(asked[1]) + len(body) - 1}/{len(found)}")
            self.send_header("ETag", '"1"')
            self.send_header("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield IOConfig(
                s3=S3Config(
                    endpoint_url=f"http://127.0.0.1:{server.server_port}",
                    key_id="id",
                    access_key="secret",
                    region_name="us-east-1",
                    num_tries=1,
                )
            )
        finally:
            server.shutdown()
            thread.join()
