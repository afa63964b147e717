-- A RAM disk that is a table of blocks, as people write it first. It runs in
-- nbdkit and in the workbench alike.

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

function pread(h, count, offset)
  local parts = {}
  while count > 0 do
    local from = offset % BLOCK
    local n = math.min(count, BLOCK - from)
    local block = blocks[(offset - from) / BLOCK] or empty
    if n < BLOCK then
      block = string.sub(block, from + 1, from + n)
    end
    parts[#parts + 1] = block
    offset, count = offset + n, count - n
  end
  return table.concat(parts)
end

function pwrite(h, buf, offset)
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

function flush(h)
end
