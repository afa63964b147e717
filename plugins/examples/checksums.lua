-- A disk that notices when its file was damaged: a checksum for each block.
--
--   workbench run checksums.lua file=disk.img
--   printf X | dd of=disk.img bs=1 seek=5000 conv=notrunc
--   qemu-io -f raw -c "read 0 4k" -c "read 4k 4k" URI
--
-- (The URI is at the top of the screen.) The first read works, the second is a red row:
-- better no data than wrong data. The sums are taken when the script starts. They show
-- what happened by accident; who does it on purpose can compute a CRC as well.

name = "checksums"
description = "a file that is checked as it is read"
config_help = "file=PATH    the file or device (required)"

local BLOCK = 4096
local disk
local sums = {} -- the CRC-32 of each block, by its number, which begins with 0

function config(key, value)
  if key ~= "file" then
    error("there is no parameter " .. key .. ": give file=disk.img")
  end
  disk = workbench.file(value, "r+")
end

-- The last block may be shorter than the others.
local function read_block(n)
  return disk:pread(math.min(BLOCK, disk:size() - n * BLOCK), n * BLOCK)
end

local function read_checked(n)
  local data = read_block(n)
  local sum = workbench.crc32(data)
  if sum ~= sums[n] then
    error(("EIO: block %d is damaged: it has %08x, not %08x"):format(n, sum, sums[n]))
  end
  return data
end

function config_complete()
  if not disk then
    error("which file? Give file=disk.img")
  end
  for n = 0, math.ceil(disk:size() / BLOCK) - 1 do
    sums[n] = workbench.crc32(read_block(n))
  end
end

function open(readonly)
  return {}
end

function get_size(h)
  return disk:size()
end

function pread(h, count, offset)
  local first, parts = math.floor(offset / BLOCK), {}
  for n = first, math.floor((offset + count - 1) / BLOCK) do
    parts[#parts + 1] = read_checked(n)
  end
  local skip = offset - first * BLOCK
  return table.concat(parts):sub(skip + 1, skip + count)
end

-- A block is written as a whole. What is kept of it must be right, or the new sum
-- would make good what was bad.
function pwrite(h, buf, offset)
  for n = math.floor(offset / BLOCK), math.floor((offset + #buf - 1) / BLOCK) do
    local from = math.max(offset - n * BLOCK, 0)
    local piece = buf:sub(n * BLOCK + from - offset + 1, (n + 1) * BLOCK - offset)
    local old = #piece < BLOCK and read_checked(n) or ""
    local new = old:sub(1, from) .. piece .. old:sub(from + #piece + 1)
    disk:pwrite(new, n * BLOCK)
    sums[n] = workbench.crc32(new)
  end
end

function flush(h)
  disk:flush()
end
