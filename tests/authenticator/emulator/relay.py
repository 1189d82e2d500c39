#!/usr/bin/env python3
"""relay.py SOCKET COMMAND...: CTAPHID on a Unix socket, a report of 64 bytes a packet, for a command
that takes and gives whole messages of CTAP2 on its standard input and output (see emulator.mjs).

A message at a time, whichever connection it comes from; "ready" when it listens.
"""

import os
import selectors
import socket
import struct
import subprocess
import sys

REPORT = 64
BROADCAST = 0xFFFFFFFF
INIT, CBOR, CANCEL, ERROR = 0x86, 0x90, 0x91, 0xBF
INVALID_CMD, INVALID_SEQ, INVALID_CHANNEL = 0x01, 0x04, 0x0B
CAPABILITIES = 0x04 | 0x08  # CBOR, and no U2F


class Emulator:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def read(self, count):
        data = self.process.stdout.read(count)
        if len(data) != count:
            sys.exit("relay: the command ended")
        return data

    def ask(self, message):
        self.process.stdin.write(struct.pack(">I", len(message)) + message)
        self.process.stdin.flush()
        return self.read(struct.unpack(">I", self.read(4))[0])


class Connection:
    """One client: its channels, and the message that it is sending."""

    last_channel = 0

    def __init__(self, connection, emulator):
        self.socket = connection
        self.emulator = emulator
        self.channels = set()
        self.forget()

    def forget(self):
        self.command, self.message, self.expected, self.sequence = None, b"", 0, 0

    def send(self, channel, command, message):
        head, sequence = struct.pack(">IBH", channel, command, len(message)), 0
        while True:
            part = REPORT - len(head)
            self.socket.send((head + message[:part]).ljust(REPORT, b"\0"))
            message = message[part:]
            if not message:
                return
            head = struct.pack(">IB", channel, sequence)
            sequence += 1

    def fail(self, channel, error):
        self.forget()
        self.send(channel, ERROR, bytes([error]))

    def init(self, channel, report):
        if channel == BROADCAST:
            Connection.last_channel += 1
            given = Connection.last_channel
            self.channels.add(given)
        else:
            given = channel
        self.forget()
        self.send(channel, INIT, report[7:15] + struct.pack(">IBBBBB", given, 2, 1, 0, 0,
                                                            CAPABILITIES))

    def receive(self, report):
        channel, kind = struct.unpack(">IB", report[:5])
        if kind == INIT:
            self.init(channel, report)
        elif channel not in self.channels:
            self.fail(channel, INVALID_CHANNEL)
        elif kind == CANCEL:
            pass  # it never waits for anybody
        elif kind & 0x80:
            self.forget()
            self.command, self.expected = kind, struct.unpack(">H", report[5:7])[0]
            self.take(channel, report[7:])
        elif self.command is not None:
            if kind != self.sequence:
                self.fail(channel, INVALID_SEQ)
                return
            self.sequence += 1
            self.take(channel, report[5:])

    def take(self, channel, part):
        self.message += part[: self.expected - len(self.message)]
        if len(self.message) < self.expected:
            return
        command, message = self.command, self.message
        self.forget()
        if command == CBOR and message:
            self.send(channel, CBOR, self.emulator.ask(message))
        else:
            self.fail(channel, INVALID_CMD)


def serve(path, emulator):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen(16)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            if key.data is None:
                accepted = listener.accept()[0]
                selector.register(accepted, selectors.EVENT_READ, Connection(accepted, emulator))
                continue
            try:
                report = key.fileobj.recv(REPORT + 1)
                if len(report) == REPORT:
                    key.data.receive(report)
                    continue
            except OSError:
                pass
            selector.unregister(key.fileobj)
            key.fileobj.close()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    os.umask(0o077)
    serve(sys.argv[1], Emulator(sys.argv[2:]))
