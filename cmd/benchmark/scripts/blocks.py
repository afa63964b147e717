# The twin of blocks.star for nbdkit's Python plugin.

API_VERSION = 2

BLOCK = 4096
empty = b"\0" * BLOCK
state = {"size": 67108864}
blocks = {}

def config(key, value):
    state["size"] = int(value)

def open(readonly):
    return 1

def get_size(h):
    return state["size"]

def pread(h, buf, offset, flags):
    at, count = 0, len(buf)
    while at < count:
        start = (offset + at) % BLOCK
        n = min(count - at, BLOCK - start)
        block = blocks.get((offset + at) // BLOCK, empty)
        if n < BLOCK:
            block = block[start:start + n]
        buf[at:at + n] = block
        at += n

def pwrite(h, buf, offset, flags):
    at, count = 0, len(buf)
    while at < count:
        start = (offset + at) % BLOCK
        n = min(count - at, BLOCK - start)
        index = (offset + at) // BLOCK
        data = bytes(buf[at:at + n])
        if n < BLOCK:
            old = blocks.get(index, empty)
            data = old[:start] + data + old[start + n:]
        blocks[index] = data
        at += n

def flush(h, flags):
    pass
