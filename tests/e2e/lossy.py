# SPDX-License-Identifier: BSD-3-Clause
"""A bad link between a proxy and the relay: some requests are lost on it, and some replies."""

import select
import threading


class Lossy:
    """At an (address, port) of a namespace, before another one. Of the requests every third one
    is lost, of the replies every fourth one."""

    def __init__(self, namespace, at, before):
        self.lost = [0, 0]  # requests, replies
        self._counts = [0, 0]
        self._namespace, self._at, self._before = namespace, at, before
        self._front = namespace.udp(*at)
        self._behind = {}  # a socket for each process of the proxy, by its address
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._over.is_set():
            ready, _, _ = select.select([self._front, *self._behind.values()], [], [], 0.1)
            for sock in ready:
                if sock is self._front:
                    self._request(*sock.recvfrom(65536))
                else:
                    self._reply(sock)

    def _request(self, request, client):
        if client not in self._behind:
            self._behind[client] = self._namespace.udp(self._at[0])
            self._behind[client].connect(self._before)
        if self._arrives(0, 3):
            self._behind[client].send(request)

    def _reply(self, sock):
        reply = sock.recv(65536)
        client = next(client for client, behind in self._behind.items() if behind is sock)
        if self._arrives(1, 4):
            self._front.sendto(reply, client)

    def _arrives(self, way, every):
        self._counts[way] += 1
        lost = self._counts[way] % every == 0
        self.lost[way] += lost
        return not lost

    def close(self):
        self._over.set()
        self._thread.join()
        for sock in (self._front, *self._behind.values()):
            sock.close()
