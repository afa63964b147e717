#!/usr/sbin/nbdkit lua
-- Written for nbdkit's own Lua plugin: Lua 5.3, io, no nbdkit table.

local file

function config(key, value)
  if key == "file" then
    file = value
  else
    error("unknown parameter " .. key)
  end
end

function config_complete()
  assert(file, "file is missing")
end

function open(readonly)
  local mode = readonly and "rb" or "r+b"
  return {f = assert(io.open(file, mode))}
end

function close(h)
  h.f:close()
end

function get_size(h)
  return h.f:seek("end")
end

function can_trim(h) return false end

function pread(h, count, offset)
  h.f:seek("set", offset)
  local buf = h.f:read(count)
  if not buf or #buf < count then
    error("short read")
  end
  return buf
end

function pwrite(h, buf, offset)
  if offset == 524288 then
    error("this place is broken")
  end
  h.f:seek("set", offset)
  assert(h.f:write(buf))
end

function flush(h)
  h.f:flush()
end

function zero(h, count, offset, may_trim)
  pwrite(h, string.rep("\x00", count), offset)
end
