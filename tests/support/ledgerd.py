"""A ledgerd of the test's own, and a client that sends what it is told to, byte for byte."""
import http.client
import json
import os
import random
import socket
import subprocess
import tempfile
import time

PATIENCE = 30  # seconds


class Answer:
    """A response: status, headers in lower case, and the body's bytes."""

    def __init__(self, response, method):
        self.method = method
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def media_type(self):
        return self.headers.get("content-type", "").split(";")[0]

    def json(self):
        return parse_json(self.body)

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body.decode(errors='replace')}"


def parse_json(text):
    """Stricter than json.loads: a member that is there twice is an error."""

    def members(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            raise ValueError(f"a member twice: {names}")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=members)


def request_bytes(method, target, headers=(), body=b""):
    lines = [f"{method} {target} HTTP/1.1", "Host: test"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body or method in ("POST", "PATCH", "PUT"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines + ["", ""]).encode("latin-1") + body


class Client:
    """One connection at a time, opened again when the server has closed it. Not thread-safe."""

    def __init__(self, port):
        self.port = port
        self.socket = None

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def ask(self, method, target, headers=(), body=b""):
        return self.send(request_bytes(method, target, headers, body), method)

    def send(self, message, method="GET"):
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.socket.sendall(message)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it had read everything: its answer is waiting
        response = http.client.HTTPResponse(self.socket, method=method)
        try:
            response.begin()
            answer = Answer(response, method)
        except BaseException:
            self.close()
            raise
        if response.will_close:
            self.close()
        return answer


def unused_port():
    """Below 32768, where no outgoing connection of anybody can take it."""
    while True:
        port = random.randrange(20000, 32768)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Ledgerd:
    """A running ledgerd with a ledger in a folder of its own. Use it in a `with`."""

    def __init__(self, binary, *arguments, environment=()):
        self.folder = tempfile.TemporaryDirectory(prefix="ledgerd-")
        self.command = [os.path.abspath(binary), *arguments]
        configures = ("LEDGER_", "DB_URL", "REDIS_ADDR", "CHAOS_MODE")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(configures)}
        self.environment.update(environment)
        self.log_path = os.path.join(self.folder.name, "log")

    def __enter__(self):
        try:
            while True:
                self.port = unused_port()
                self._start()
                if self._is_listening():
                    break
        except BaseException:
            self.__exit__()
            raise
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = Client(self.port)
        return self

    def _start(self):
        listen = ["--listen", f"127.0.0.1:{self.port}"]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.command + listen, cwd=self.folder.name, env=self.environment,
                stdout=subprocess.DEVNULL, stderr=log)

    def _is_listening(self):
        """False: somebody else took the port."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if "listening on http://" in self.log():
                return True
            if self.process.poll() is not None:
                if "cannot listen" in self.log():
                    return False
                break
            time.sleep(0.01)
        raise RuntimeError(f"ledgerd did not start: {self.log()}")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def __exit__(self, *_):
        if getattr(self, "client", None):
            self.client.close()
        if getattr(self, "process", None):
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()
