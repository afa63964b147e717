-- A disk of 1 TiB that takes only the memory of what is written to it.
--
--   workbench run sparse.lua
--   nbdinfo --map URI                  (the URI is at the top of the screen)
--   qemu-io -f raw -c "write 512G 64k" URI
--
-- The disk is cut into blocks, and a table has those that were written; the others
-- are holes. Look at the map before the write and after it.
-- workbench.memory does the same and is faster. Here you see how.

name = "sparse"
description = "a huge disk that keeps only what is written"
config_help = "size=SIZE    how large the disk is, up to 8P (default 1T)"

local BLOCK = 32 * 1024
local EMPTY = ("\0"):rep(BLOCK)

local size = 1024 * 1024 * 1024 * 1024
local blocks = {} -- strings of BLOCK bytes, by the id of their number

-- The first block has the number 0. In a table, numbers as keys would make a list
-- with room for all that lie between; texts do not.
local function id(n)
  return ("%.0f"):format(n)
end

function config(key, value)
  if key ~= "size" then
    error("there is no parameter " .. key .. ": give size=1T")
  end
  size = nbdkit.parse_size(value)
end

function open(readonly)
  return {}
end

function get_size(h)
  return size
end

-- The bytes of block n that a request touches: after the first, up to the second.
local function part(n, count, offset)
  return math.max(offset - n * BLOCK, 0), math.min(offset + count - n * BLOCK, BLOCK)
end

function pread(h, count, offset)
  local parts = {}
  for n = math.floor(offset / BLOCK), math.floor((offset + count - 1) / BLOCK) do
    local from, to = part(n, count, offset)
    parts[#parts + 1] = (blocks[id(n)] or EMPTY):sub(from + 1, to)
  end
  return table.concat(parts)
end

function pwrite(h, buf, offset)
  for n = math.floor(offset / BLOCK), math.floor((offset + #buf - 1) / BLOCK) do
    local from, to = part(n, #buf, offset)
    local old, skip = blocks[id(n)] or EMPTY, n * BLOCK - offset
    local new = old:sub(1, from) .. buf:sub(skip + from + 1, skip + to) .. old:sub(to + 1)
    blocks[id(n)] = new ~= EMPTY and new or nil -- one of zeroes need not be kept
  end
end

-- The numbers of the blocks that are there, of those that a request touches. It goes
-- through the table: there may be billions of numbers that are not in it.
local function present(count, offset)
  local list = {}
  for text in pairs(blocks) do
    local n = tonumber(text)
    local from, to = part(n, count, offset)
    if from < to then list[#list + 1] = n end
  end
  table.sort(list)
  return list
end

-- Only what is there needs to be zeroed.
function zero(h, count, offset, may_trim)
  for _, n in ipairs(present(count, offset)) do
    local from, to = part(n, count, offset)
    pwrite(h, EMPTY:sub(from + 1, to), n * BLOCK + from)
  end
end

function trim(h, count, offset)
  zero(h, count, offset, true)
end

-- Say what each part is, in order and without gaps. It may be more than was asked
-- for, so this begins with a whole block; a part of no bytes does not matter.
function extents(h, count, offset, flags)
  local list, at = {}, offset - offset % BLOCK
  local hole = nbdkit.EXTENT_HOLE + nbdkit.EXTENT_ZERO
  for _, n in ipairs(present(count, offset)) do
    list[#list + 1] = { at, n * BLOCK - at, hole }
    list[#list + 1] = { n * BLOCK, BLOCK, 0 }
    at = (n + 1) * BLOCK
  end
  list[#list + 1] = { at, math.max(offset + count - at, 0), hole }
  return list
end
