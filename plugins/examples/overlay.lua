-- A disk over a file that stays as it is: copy on write.
--
--   workbench mount overlay.lua /tmp/disk file=precious.img
--   mkfs.ext4 -F /tmp/disk; cmp precious.img /tmp/disk
--
-- What is written goes to memory, block by block, and is gone when the program ends;
-- saving this file keeps it. Look at the lines that say which blocks were copied.

name = "overlay"
description = "a file whose changes are kept in memory"
config_help = "file=PATH    the file below, which is only read (required)"

local BLOCK = 64 * 1024
local base    -- the file
local changes -- the blocks that were written, each at its own place
local changed -- a byte for each block: 1 if it is in changes

function config(key, value)
  if key ~= "file" then
    error("there is no parameter " .. key .. ": give file=precious.img")
  end
  base = workbench.file(value, "r")
end

function config_complete()
  if not base then
    error("over which file? Give file=precious.img")
  end
  changes = workbench.memory("overlay changes", base:size())
  changed = workbench.memory("overlay changed", math.ceil(base:size() / BLOCK))
end

function open(readonly)
  return {}
end

function get_size(h)
  return base:size()
end

local function is_changed(n)
  return changed:pread(1, n) == "\1"
end

-- Bring block n up from the file, before a part of it is written.
local function copy_up(n)
  local at = n * BLOCK
  changes:pwrite(base:pread(math.min(BLOCK, base:size() - at), at), at)
  changed:pwrite("\1", n)
  print("block " .. n .. " is in memory now")
end

function pread(h, count, offset)
  local parts = {}
  for n = math.floor(offset / BLOCK), math.floor((offset + count - 1) / BLOCK) do
    local from = math.max(offset, n * BLOCK)
    local to = math.min(offset + count, (n + 1) * BLOCK)
    parts[#parts + 1] = (is_changed(n) and changes or base):pread(to - from, from)
  end
  return table.concat(parts)
end

function pwrite(h, buf, offset)
  for n = math.floor(offset / BLOCK), math.floor((offset + #buf - 1) / BLOCK) do
    if not is_changed(n) then
      copy_up(n)
    end
  end
  changes:pwrite(buf, offset)
end
