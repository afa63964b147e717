import nbdkit

def error(text):
    raise Exception(text)

def encode(text):
    return text.encode()

def join(parts):
    return b"".join(parts)

def fill(buf, data):
    buf[:] = data

import io
import os

def open_file(path, readonly):
    return os.open(path, os.O_RDONLY if readonly else os.O_RDWR)

def close_file(h):
    os.close(h)

def size_of(h):
    return os.fstat(h).st_size

def read_at(h, count, offset):
    return os.pread(h, count, offset)

def write_at(h, buf, offset):
    os.pwrite(h, buf, offset)

def flush_file(h):
    os.fsync(h)

def log(text):
    with io.open("calls.log", "a") as f:
        f.write(text + "\n")

