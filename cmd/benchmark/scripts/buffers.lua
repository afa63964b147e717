-- blocks.lua in API version 2, which only the workbench has for Lua: a read fills
-- the buffer that the reply is sent from.

API_VERSION = 2

local BLOCK = 4096
local empty = string.rep("\0", BLOCK)
local size = 67108864
local blocks = {}

function config(key, value)
  size = tonumber(value)
end

function open(readonly)
  return {}
end

function get_size(h)
  return size
end

function pread(h, buf, offset, flags)
  local at, count = 0, #buf
  while at < count do
    local from = (offset + at) % BLOCK
    local n = math.min(count - at, BLOCK - from)
    local block = blocks[(offset + at - from) / BLOCK] or empty
    if n < BLOCK then
      block = string.sub(block, from + 1, from + n)
    end
    buf:set(at, block)
    at = at + n
  end
end

function pwrite(h, buf, offset, flags)
  local at, count = 0, #buf
  while at < count do
    local from = (offset + at) % BLOCK
    local n = math.min(count - at, BLOCK - from)
    local index = (offset + at - from) / BLOCK
    local data = string.sub(buf, at + 1, at + n)
    if n < BLOCK then
      local old = blocks[index] or empty
      data = string.sub(old, 1, from) .. data .. string.sub(old, from + n + 1)
    end
    blocks[index] = data
    at = at + n
  end
end

function flush(h, flags)
end
