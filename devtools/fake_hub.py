"""A server on this machine that speaks the Hub's protocol, and can be told to misbehave. For tests and measurements.

Reads: GET /api/{models,datasets}/{repo}[/revision/{rev}]?blobs=true, HEAD and GET /{repo}/resolve/{rev}/{file} with
ranges. Writes: POST /api/repos/create, /api/validate-yaml, /api/../preupload/{rev}, /api/../commit/{rev}.
"""

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

LARGE = 10_000  # bytes from which a file is announced with a SHA-256, as the Hub's large files are


class FakeHub(ThreadingHTTPServer):
    """`repos`: "owner/name" or "datasets/owner/name" -> name of a file -> bytes. `fault` is one of those below."""

    daemon_threads = True
    block_on_close = False  # some handlers are asleep on purpose

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repos: dict[str, dict[str, bytes]] = {}
        self.licences: dict[str, str] = {}
        self.fault = ""
        self.bytes_a_second = 0  # of the body of a file; 0: as fast as it goes
        self.requests: list[tuple[str, str]] = []
        self.authorizations: set[str | None] = set()
        self.created: list[dict] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def commit(self, repo: str) -> str:
        """The newest commit: it changes with the content."""
        digest = hashlib.sha1(repo.encode())
        for name in sorted(self.repos[repo]):
            digest.update(name.encode() + hashlib.sha1(self.repos[repo][name]).digest())
        return digest.hexdigest()

    def handle_error(self, request, client_address) -> None:
        pass  # clients that hang up in the middle are what is tested


class Handler(BaseHTTPRequestHandler):
    server: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self._note(path)
        if self._misbehaves(path):
            return
        if found := re.fullmatch(r"/api/(models|datasets)/([^/]+/[^/]+)(?:/revision/(.+))?", path):
            kind, repo, revision = found.groups()
            self._info(("datasets/" if kind == "datasets" else "") + repo, revision)
        elif found := re.fullmatch(r"/((?:datasets/)?[^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._file(*found.groups())
        else:
            self._error(404, "RepoNotFound")

    def _note(self, path: str) -> None:
        self.server.requests.append((self.command, path))
        self.server.authorizations.add(self.headers.get("Authorization"))

    def _misbehaves(self, path: str) -> bool:
        fault, is_file = self.server.fault, "/resolve/" in path
        errors = {"401": 401, "402": 402, "403": 403, "409": 409, "413": 413, "429": 429, "500": 500}
        if fault in errors and (fault != "409" or "/commit/" in path):
            self._error(errors[fault], "", {"Retry-After": "17"} if fault == "429" else {})
        elif fault == "gated" and is_file:
            self._error(403, "GatedRepo")
        elif fault == "silent" or (fault == "silent-body" and is_file):
            time.sleep(30)
        elif fault == "slow":
            self._send_head(200, {"Content-Type": "application/json", "Content-Length": "1000"})
            for _ in range(40):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.5)
        elif fault == "login-page":
            self._reply(200, b"<html>Welcome to the hotel</html>", {"Content-Type": "text/html"})
        elif fault == "no-file" and is_file:
            self._error(404, "EntryNotFound")
        else:
            return False
        return True

    def _info(self, repo: str, revision: str | None) -> None:
        if repo not in self.server.repos:
            return self._error(404, "RepoNotFound")
        commit = self.server.commit(repo)
        if revision not in (None, "main", commit):
            return self._error(404, "RevisionNotFound")
        siblings = []
        for name, data in self.server.repos[repo].items():
            entry: dict = {"rfilename": name, "size": len(data), "blobId": _git_hash(data)}
            if len(data) >= LARGE:
                sha = hashlib.sha256(data).hexdigest()
                entry["lfs"] = {"sha256": sha, "size": len(data), "pointerSize": 130}
            siblings.append(entry)
        owner = repo.removeprefix("datasets/").split("/")[0]
        body = {"id": repo, "sha": commit, "author": owner, "private": False, "gated": False, "siblings": siblings,
                "tags": [], "downloads": 0, "likes": 0}  # fmt: skip
        if repo in self.server.licences:
            body["cardData"] = {"license": self.server.licences[repo]}
        self._reply(200, json.dumps(body).encode(), {"Content-Type": "application/json"})
        return None

    def _file(self, repo: str, revision: str, name: str) -> None:
        if repo not in self.server.repos or revision not in ("main", self.server.commit(repo)):
            return self._error(404, "RevisionNotFound" if repo in self.server.repos else "RepoNotFound")
        if name not in self.server.repos[repo]:
            return self._error(404, "EntryNotFound")
        data = self.server.repos[repo][name]
        etag = hashlib.sha256(data).hexdigest() if len(data) >= LARGE else _git_hash(data)
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": self.server.commit(repo), "Accept-Ranges": "bytes"}
        begin = 0
        if found := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            begin = int(found[1])
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        if self.server.fault == "wrong-content":
            data = data[:-1] + bytes([data[-1] ^ 1])
        self._send_head(206 if begin else 200, headers | {"Content-Length": str(len(data) - begin)})
        if self.command == "HEAD":
            return None
        body = memoryview(data)[begin:]
        if self.server.fault == "truncated":  # half of what is left, each time
            body = body[: len(body) // 2] if len(body) > 1 and begin == 0 else body[:0]
        if self.server.fault == "breaks":  # a piece at a time, and then the line is dead
            body = body[: max(len(data) // 3, 1)]
        pause = self.server.bytes_a_second
        for start in range(0, len(body), 1 << 16):
            self.wfile.write(body[start : start + (1 << 16)])
            if pause:
                time.sleep((1 << 16) / pause)
        if len(body) < len(data) - begin:
            self.close_connection = True
        return None

    def do_POST(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self._note(path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self._chunks()
        if self._misbehaves(path):
            return
        if path == "/api/repos/create":
            values = json.loads(body)
            self.server.created.append(values)
            repo = f"{values.get('organization') or 'me'}/{values['name']}"
            self.server.repos.setdefault(repo, {})
            self._json({"url": f"{self.server.endpoint}/{repo}", "name": repo, "id": repo})
        elif path == "/api/validate-yaml":
            self._json({"errors": [], "warnings": []})
        elif found := re.fullmatch(r"/api/(models|spaces)/([^/]+/[^/]+)/preupload/.+", path):
            files = [
                {"path": f["path"], "uploadMode": "regular", "shouldIgnore": False}
                for f in json.loads(body)["files"]
            ]
            self._json({"files": files})
        elif found := re.fullmatch(r"/api/(models|spaces)/([^/]+/[^/]+)/commit/.+", path):
            repo = self.server.repos.setdefault(found[2], {})
            for line in body.splitlines():
                entry = json.loads(line)
                if entry["key"] == "file":
                    repo[entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
                elif entry["key"] == "deletedFile":
                    repo.pop(entry["value"]["path"], None)
            commit = self.server.commit(found[2])
            self._json(
                {"commitUrl": f"{self.server.endpoint}/{found[2]}/commit/{commit}", "commitOid": commit}
            )
        else:
            self._error(404, "RepoNotFound")

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().strip(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _json(self, value: object) -> None:
        self._reply(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _error(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        more = {"X-Error-Code": code} if code else {}
        self._reply(status, b"{}", {"Content-Type": "application/json", **more, **(headers or {})})

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self._send_head(status, {**headers, "Content-Length": str(len(body))})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _git_hash(data: bytes) -> str:
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()


@contextmanager
def running() -> Iterator[FakeHub]:
    """A fake Hub that answers until the end of the block."""
    hub = FakeHub()
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
