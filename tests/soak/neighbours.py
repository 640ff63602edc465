# SPDX-License-Identifier: Apache-2.0
"""What stands around the engine in a soak: many sites that fail in several ways and come back, and a sink for SNS. One
asyncio loop in one thread, because every probe is a connection. Standard library only."""
import asyncio
import json
import threading

OWN = "/lb-check"


class Site:
    """Answers probes. `way`: how it fails at present, or None while it is well."""
    ways = ("down", "reset", "hang", "garbage", "drip")

    def __init__(self):
        self.port, self.way, self.probes = 0, None, 0

    async def serve(self, reader, writer):
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 15)
            self.probes += 1
            await self.answer(head.split(b" ", 2)[1].decode("ascii", "replace"), writer)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError, IndexError):
            pass
        finally:
            writer.close()

    async def answer(self, path, writer):
        if self.way == "reset":
            return writer.transport.abort()
        if self.way == "hang":
            return await asyncio.sleep(8)  # a site that never answers; the prober leaves first
        if self.way == "garbage":
            return writer.write(b"\x16\x03\x01 nothing that is HTTP\r\n\r\n")
        if self.way == "drip":
            writer.write(b"HTTP/1.1 200 OK\r\n")
            for _ in range(16):
                if writer.transport.is_closing():
                    break
                writer.write(b"x: y\r\n")
                await asyncio.sleep(0.5)
            return None
        status = "503 Service Unavailable" if self.way else "200 OK" if path == OWN else "404 Not Found"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 5\r\nConnection: close\r\n\r\nalive".encode())
        return await writer.drain()


class Sink:
    """Takes SNS's deliveries; keeps the tokens of subscriptions that wait to be confirmed."""

    def __init__(self):
        self.port, self.deliveries, self.tokens = 0, 0, []

    def token_of(self, topic_arn):
        """The token that came for a topic, once; None: not yet."""
        for turn, (arn, token) in enumerate(self.tokens):
            if arn == topic_arn:
                del self.tokens[turn]
                return token
        return None

    async def serve(self, reader, writer):
        try:
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 15)).decode("latin-1").lower()
            length = int(head.split("content-length:", 1)[1].split("\r\n", 1)[0])
            message = json.loads(await asyncio.wait_for(reader.readexactly(length), 15))
            if message.get("Type") == "SubscriptionConfirmation":
                self.tokens.append((message["TopicArn"], message["Token"]))
                del self.tokens[:-100]  # of topics that were deleted first
            else:
                self.deliveries += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError, ValueError, IndexError):
            pass
        finally:
            writer.close()


class Neighbours:
    def __init__(self, sites):
        self.sites, self.sink = [Site() for _ in range(sites)], Sink()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait()

    def run(self, ready):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.listen())
        ready.set()
        self.loop.run_forever()

    async def listen(self):
        self.servers = []
        for one in (*self.sites, self.sink):
            server = await asyncio.start_server(one.serve, "127.0.0.1", 0, backlog=64)
            one.port = server.sockets[0].getsockname()[1]
            self.servers.append(server)

    def close(self):
        def end():
            for task in asyncio.all_tasks():
                task.cancel()
            self.loop.call_later(0.1, self.loop.stop)
        self.loop.call_soon_threadsafe(end)
        self.thread.join(timeout=10)
