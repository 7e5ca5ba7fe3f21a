"""How does a page reach people without anybody else reaching in? A small, strict web server.

All connections live in one thread, none of which may block it: each gets `SECONDS` for its whole
request, one answer, and is closed. What lasts are event streams, which one hub writes to. Only what
is in a fixed table of routes exists; all that a request may be is said in `read_request`.
No encryption: for this computer, or for a room and as long as its lecture.
"""
import asyncio
import contextlib
import hmac
import ipaddress
import json
import queue
import re
import secrets
import threading
import time
from http import HTTPStatus
from typing import NamedTuple

from tinyrlhf.saving import Closing, finite

SECONDS = 3.0                       # in all: for a request, and again for its answer
HEAD, LINES, URL, BODY = 8192, 64, 512, 2048  # most bytes, and lines of a head
WAITING = 1200                      # connections without a whole request; then the oldest goes
STREAMS = 1200                      # event streams
BEHIND = 500_000                    # bytes that a stream may be behind before it is dropped
HEARTBEAT = 5.0                     # seconds; a page that hears nothing for longer says so
LINE = re.compile(rb"([A-Z]{1,16}) (/[!-~]*) HTTP/1\.1")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*)")
ONCE = ("host", "origin", "cookie", "content-length", "content-type", "transfer-encoding")
ALWAYS = """Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; \
connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
X-Content-Type-Options: nosniff
Referrer-Policy: no-referrer
Cross-Origin-Opener-Policy: same-origin
Cross-Origin-Resource-Policy: same-origin
Cache-Control: no-store
Connection: close
"""


class Refused(Exception):
    """A request that is answered with a status and a line of text."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Request(NamedTuple):
    """A request that may be answered: its Host is ours, its Origin none or ours."""
    method: str
    path: str
    cookies: dict
    body: bytes
    address: str

    def fields(self, **kinds):
        """The fields of a JSON object, exactly these, each of its kind, or None where left out."""
        try:
            found = json.loads(self.body, object_pairs_hook=without_twice)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not set(found) <= set(kinds):
            raise Refused(400, f"expected a JSON object with {', '.join(kinds)}")
        for name, value in found.items():
            if type(value) is not kinds[name]:
                raise Refused(400, f"{name}: expected {kinds[name].__name__}")
        return [found.get(name) for name in kinds]


def without_twice(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("expected each name once")
    return found


class Reply(NamedTuple):
    """An answer; `stream`: whose stream of events it is the beginning of."""
    body: bytes = b""
    status: int = 200
    type: str = "text/plain; charset=utf-8"
    headers: tuple = ()
    stream: str | None = None


def packed(data):
    """JSON in one line of ASCII, as messages and replies are; no number is null."""
    return json.dumps(finite(data), separators=(",", ":")).encode()


def as_json(data):
    return Reply(packed(data), type="application/json")


async def read_request(reader, hosts, address):
    """The next request from a stream, or Refused."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise Refused(431, f"expected a head of at most {HEAD} bytes") from None
    first, *lines = head[:-4].split(b"\r\n")
    if len(first) > URL:
        raise Refused(414, f"expected at most {URL} bytes in the first line")
    line = LINE.fullmatch(first)
    if not line:
        raise Refused(400, "expected a request of HTTP/1.1")
    method, url = (part.decode() for part in line.groups())
    if method not in ("GET", "POST"):
        raise Refused(405, "expected GET or POST")
    headers = read_headers(lines)
    origin = headers.get("origin")
    if "host" not in headers:
        raise Refused(400, "expected a Host")
    if headers["host"] not in hosts:
        raise Refused(403, "this is not the address of this page")
    if origin != "http://" + headers["host"] and (origin is not None or method == "POST"):
        raise Refused(403, "expected a request from this page itself")
    body = await reader.readexactly(length_of_body(method, headers))
    pairs = [pair.strip().partition("=") for pair in headers.get("cookie", "").split(";")]
    cookies = {name: value for name, _, value in pairs}
    return Request(method, url.partition("?")[0], cookies, body, address)


def read_headers(lines):
    """Lines as {lower-case name: value}; those that matter may stand there only once."""
    if len(lines) > LINES:
        raise Refused(431, f"expected at most {LINES} header lines")
    headers = {}
    for line in lines:
        field = FIELD.fullmatch(line)
        if not field:
            raise Refused(400, "expected header lines such as `Name: value`")
        name = field[1].decode().lower()
        if name in ONCE and name in headers:
            raise Refused(400, f"expected one {name}")
        headers[name] = field[2].decode("latin-1").rstrip()
    return headers


def length_of_body(method, headers):
    """How many bytes follow the head."""
    length = headers.get("content-length")
    if "transfer-encoding" in headers:
        raise Refused(400 if length else 411, "expected a Content-Length, nothing in chunks")
    if method == "GET":
        if length not in (None, "0"):
            raise Refused(413, "expected no body")
        return 0
    if length is None:
        raise Refused(411, "expected a Content-Length")
    if not re.fullmatch("[0-9]{1,18}", length):
        raise Refused(400, "expected a whole number as Content-Length")
    if int(length) > BODY:
        raise Refused(413, f"expected at most {BODY} bytes")
    if headers.get("content-type") != "application/json":
        raise Refused(415, "expected application/json")
    return int(length)


class Listener:
    """One address with its own routes, its own slots, and its own streams.

    Args:
        routes: {(method, path): async function request -> Reply}.
        greet: whose stream -> the messages that it begins with.
        otherwise: the function for paths that are in no route.
    """

    def __init__(self, routes, greet, otherwise):
        self.routes, self.greet, self.otherwise = routes, greet, otherwise
        self.waiting = {}    # task -> None, the oldest first
        self.streams = {}    # transport -> whose

    async def open(self, address, port):
        self.server = await asyncio.start_server(self.serve, address, port, backlog=1024,
                                                 limit=HEAD)
        self.port = self.server.sockets[0].getsockname()[1]
        named = f"[{address}]" if ":" in address else address
        self.url = f"http://{named}" + (f":{self.port}" if self.port != 80 else "")
        self.hosts = {self.url.removeprefix("http://")}
        if ipaddress.ip_address(address).is_loopback:
            self.hosts.add(f"localhost:{self.port}")
        return self

    async def serve(self, reader, writer):
        """One connection: one request, one answer."""
        task = asyncio.current_task()
        self.waiting[task] = None
        if len(self.waiting) > WAITING:
            oldest = next(iter(self.waiting))
            del self.waiting[oldest]
            oldest.cancel()
        deadline = asyncio.get_running_loop().call_later(SECONDS, task.cancel)
        try:
            reply = await self.reply(reader, writer, deadline)
            if reply.stream is None:
                deadline = asyncio.get_running_loop().call_later(SECONDS, task.cancel)
                await self.send(reader, writer, reply)
            elif len(self.streams) < STREAMS:  # else it hears nothing, and tries again
                await self.stream(reader, writer, reply)
        except (asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
            pass
        finally:
            deadline.cancel()
            self.waiting.pop(task, None)
            self.streams.pop(writer.transport, None)
            writer.transport.abort()

    async def reply(self, reader, writer, deadline):
        address = writer.get_extra_info("peername")[0]
        try:
            request = await read_request(reader, self.hosts, address)
            self.waiting.pop(asyncio.current_task(), None)
            deadline.cancel()
            if request.path not in {path for _, path in self.routes}:
                return await self.otherwise(request)
            answer = self.routes.get((request.method, request.path))
            if answer is None:
                raise Refused(405, "this is not how it is asked for")
            return await answer(request)
        except Refused as refused:
            deadline.cancel()
            return Reply(f"{refused}\n".encode(), refused.status)

    async def send(self, reader, writer, reply):
        writer.write(head_of(reply, f"Content-Length: {len(reply.body)}\n") + reply.body)
        await writer.drain()
        writer.write_eof()
        while await reader.read(HEAD):  # what was not read would make it lose the answer
            pass

    async def stream(self, reader, writer, reply):
        """Events until somebody hangs up; each browser window is one."""
        events = b"".join(map(as_event, self.greet(reply.stream)))
        writer.write(head_of(reply, "") + b"retry: 2000\n\n" + events)
        self.streams[writer.transport] = reply.stream
        await reader.read()  # nothing more is expected; at its end they hung up

    def tell(self, message):
        """Send every stream what `message(whose)` says, or nothing where that is None."""
        texts = {}
        for transport, whose in list(self.streams.items()):
            if whose not in texts:
                text = message(whose)
                texts[whose] = text and as_event(text)
            if transport.get_write_buffer_size() > BEHIND:
                transport.abort()
            elif texts[whose]:
                transport.write(texts[whose])


def as_event(text):
    return b"data: " + text + b"\n\n"


def head_of(reply, more):
    kind = "text/event-stream" if reply.stream is not None else reply.type
    own = "".join(f"{name}: {value}\n" for name, value in reply.headers)
    lines = (f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\nContent-Type: {kind}\n"
             f"{ALWAYS}{own}{more}\n")
    return lines.replace("\n", "\r\n").encode()


class Server(Closing):
    """The thread in which all listeners live."""

    def __init__(self):
        allow_many_files()
        self.listeners = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self.beat(), self.loop)

    def run(self, coroutine):
        """Wait for a coroutine that runs in that thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def do(self, function, *arguments):
        """Call a function in that thread, soon, and in the order of the calls."""
        self.loop.call_soon_threadsafe(function, *arguments)

    def listen(self, address, port, *about):
        """A Listener on this address; port 0: any that is free."""
        try:
            listener = self.run(Listener(*about).open(address, port))
        except OSError as error:
            raise ValueError(f"cannot listen on {address}, port {port}: "
                             f"{error.strerror or error}") from None
        self.listeners.append(listener)
        return listener

    async def beat(self):
        """A sign of life, so that nobody between us and a phone thinks that a stream is dead."""
        while True:
            await asyncio.sleep(HEARTBEAT)
            for listener in self.listeners:
                listener.tell(lambda whose: b"{}")

    async def end(self):
        for listener in self.listeners:
            listener.server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def close(self):
        if self.thread.is_alive():
            self.run(self.end())
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join()
            self.loop.close()


def allow_many_files():
    """A stream is an open file; some systems allow few."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 4096 if hard == resource.RLIM_INFINITY else min(hard, 4096)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Inbox:
    """What people do, for the thread that keeps the books; it answers in its own time."""

    def __init__(self):
        self.messages, self.open = queue.Queue(), False

    async def ask(self, *message):
        """Hand over a message, and wait for the Reply."""
        if not self.open or self.messages.qsize() > 5000:
            raise Refused(409, "nothing is asked right now")
        reply = asyncio.get_running_loop().create_future()
        self.messages.put((message, reply))
        return await reply

    def tell(self, *message):
        """Hand over what needs no reply."""
        if self.open:
            self.messages.put((message, None))

    def __enter__(self):
        self.__exit__()  # what slipped in since the last one was closed
        self.open = True

    def __exit__(self, *_):
        self.open = False
        reply_to([(reply, Refused(409, "too late")) for _, reply in self.read(0)])

    def read(self, seconds):
        """All that has come, after waiting for some; [(message, where to reply)], perhaps none."""
        found = []
        with contextlib.suppress(queue.Empty):
            found.append(self.messages.get(timeout=seconds))
            while True:
                found.append(self.messages.get_nowait())
        return found


def reply_to(pairs):
    """Answer [(where to reply, Reply or an exception)], in their own thread."""
    def answer():
        for future, reply in expected:
            if not future.done():
                to = future.set_exception if isinstance(reply, Exception) else future.set_result
                to(reply)
    expected = [pair for pair in pairs if pair[0] is not None]
    if expected:
        expected[0][0].get_loop().call_soon_threadsafe(answer)


# ---- who asks

class Door:
    """A link that lets in; from then on the browser's cookie does, a random number that is signed.

    Args:
        name: of the cookie.
        code: the link is /CODE.
        secret: hex digits that sign; the same ones know the same browsers again.
        tries: a Bucket of wrong links, where the code is short.
    """

    def __init__(self, name, code, secret=None, tries=None):
        self.name, self.code, self.tries = name, code, tries
        self.secret = secret or secrets.token_hex(16)

    async def by_link(self, request):
        """A reply that lets in, and gives a browser its number; who comes again keeps theirs."""
        if request.method != "GET" or len(request.path) != 1 + len(self.code):
            raise Refused(404, "there is nothing here")
        if self.tries is not None and not self.tries.take(request.address, cost=0):
            raise Refused(429, "too many wrong links; wait a minute")
        if not same(request.path[1:], self.code):
            if self.tries is not None:
                self.tries.take(request.address)
            raise Refused(404, "this is not the link; look again")
        try:
            self.whose(request)
            cookie = ()
        except Refused:
            whose = "p-" + secrets.token_hex(5)
            value = f"{self.name}={whose}.{self.sign(whose)}; HttpOnly; SameSite=Strict; Path=/"
            cookie = (("Set-Cookie", value),)
        return Reply(status=303, headers=(("Location", "/"), *cookie))

    def sign(self, whose):
        return hmac.new(self.secret.encode(), whose.encode(), "sha256").hexdigest()[:32]

    def whose(self, request):
        """Whose cookie it is, or Refused."""
        whose, _, signature = request.cookies.get(self.name, "").partition(".")
        if not same(signature, self.sign(whose)):
            raise Refused(401, "open the link first: it is on the screen, or in the terminal")
        return whose


def same(given, secret):
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


class Bucket:
    """At most `most` at once, and `rate` a second, of each; who has waited is forgotten."""

    def __init__(self, rate, most):
        self.rate, self.most, self.left = rate, most, {}

    def take(self, whose, cost=1):
        """Whether there is one left for them."""
        now = time.monotonic()
        if len(self.left) > 5000:
            self.left = {each: (left, then) for each, (left, then) in self.left.items()
                         if left + self.rate * (now - then) < self.most}
        left, then = self.left.get(whose, (self.most, now))
        left = min(self.most, left + self.rate * (now - then))
        enough = left >= 1
        self.left[whose] = (left - cost * enough, now)
        return enough
