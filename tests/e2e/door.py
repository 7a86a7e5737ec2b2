# SPDX-License-Identifier: BSD-3-Clause
"""A port on this machine's loopback that leads into a namespace: somebody's own browser comes by it."""

import selectors
import socket
import threading

HOME = "127.0.0.1"
PIECE = 65536


class Door:
    """Connections to a port of HOME go on to the same address in the namespace.

    port: there, and here as well unless something else has it.
    """

    def __init__(self, namespace, port):
        self._namespace, self._there = namespace, port
        self._server = self._listen(port)
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @staticmethod
    def _listen(port):
        try:
            return socket.create_server((HOME, port))
        except OSError:
            return socket.create_server((HOME, 0))

    def close(self):
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self):
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:  # It is closed.
                return
            threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def _pass(self, near):
        with near, self._namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as far, \
                selectors.DefaultSelector() as both:
            try:
                far.connect((HOME, self._there))
                both.register(near, selectors.EVENT_READ, far)
                both.register(far, selectors.EVENT_READ, near)
                while self._move(both):
                    pass
            except OSError:  # One of them has gone.
                pass

    @staticmethod
    def _move(both):
        """What has come to one end goes to the other; false once one of them has no more."""
        for key, _ in both.select():
            piece = key.fileobj.recv(PIECE)
            if not piece:
                return False
            key.data.sendall(piece)
        return True
