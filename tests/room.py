"""A lecture room for tests: voters that speak the protocol themselves, hundreds of them in one thread."""
import asyncio
import json
import time

from tinyrlhf.faces.browser.desk import Desk
from tinyrlhf.faces.browser.lecture import Lecture


class Voter:
    """A phone without a screen: it joins by the link, hears events, and votes."""

    def __init__(self, address, port, code):
        self.address, self.port, self.code = address, port, code
        self.cookie, self.turn, self.heard, self.news = "", 0, [], None

    async def ask(self, method, path, body=None):
        """(status, headers, body) of one request."""
        reader, writer = await asyncio.open_connection(self.address, self.port, limit=1 << 20)
        host = f"{self.address}:{self.port}"
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Origin: http://{host}", f"Cookie: {self.cookie}"]
        data = b"" if body is None else json.dumps(body).encode()
        if method == "POST":
            lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + data)
        reply = await reader.read()
        writer.close()
        head, _, text = reply.partition(b"\r\n\r\n")
        return int(head.split(b" ")[1]), head.decode(), text

    async def join(self):
        _, head, _ = await self.ask("GET", f"/{self.code}")
        for line in head.split("\r\n"):
            if line.startswith("Set-Cookie: "):
                self.cookie = line.removeprefix("Set-Cookie: ").partition(";")[0]
        return self

    async def listen(self):
        """Take in events until the stream ends; (time, view) each."""
        reader, writer = await asyncio.open_connection(self.address, self.port, limit=1 << 20)
        host = f"{self.address}:{self.port}"
        writer.write(f"GET /events HTTP/1.1\r\nHost: {host}\r\nCookie: {self.cookie}\r\n\r\n".encode())
        try:
            while line := await reader.readline():
                if line.startswith(b"data: "):
                    told = json.loads(line[6:])
                    self.heard.append((time.monotonic(), told if "phase" in told else {**self.view, **told}))
        except OSError:
            pass
        finally:
            writer.transport.abort()

    @property
    def view(self):
        return self.heard[-1][1] if self.heard else {}

    async def vote(self, said, ballot=None, turn=None):
        """(status, seconds)."""
        self.turn = self.turn + 1 if turn is None else turn
        began = time.monotonic()
        status, _, _ = await self.ask("POST", "/vote", {"ballot": ballot or self.view["question"]["id"], "said": said,
                                                        "turn": self.turn, "ms": 1000})
        return status, time.monotonic() - began


def open_room(world="gridworld", port=0, **more):
    """A desk and a lecture on this computer alone."""
    desk = Desk(world)
    return desk, Lecture(desk, "127.0.0.1", port, **more)


async def until(true, seconds=10):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.005)
