"""An object store, as far as reading from one goes: S3's HEAD and GET, with ranges, for what is in a dict."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from daft.io import IOConfig, S3Config


@contextmanager
def stored(objects: Mapping[str, bytes]) -> Iterator[IOConfig]:
    """How Daft reads `s3://...` until the end of the block, where `objects` are by bucket and name."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            found = objects.get(self.path.partition("?")[0].lstrip("/"))
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
