-- A disk that can be checked anywhere: each 8 bytes hold their own offset.
--
--   workbench run pattern.lua size=1G
--   nbdcopy URI copy.img; xxd copy.img | head
--   nbdcopy copy.img URI               (the URI is at the top of the screen)
--
-- A copy with a piece missing, twice there or at a wrong place shows it: nbdcopy writes
-- it back, and this disk compares. It is the same as nbdkit's plugin of that name.

name = "pattern"
description = "each 8 bytes hold their own offset, the highest byte first"
config_help = "size=SIZE    how large the disk is (default 8M)"

local size = 8 * 1024 * 1024

function config(key, value)
  if key ~= "size" then
    error("there is no parameter " .. key .. ": give size=8M")
  end
  size = nbdkit.parse_size(value)
end

function open(readonly)
  return {}
end

function get_size(h)
  return size
end

-- The words of 64 KiB are alike but for the last two of their bytes, which are here:
-- it is much faster to join these than to make each word.
local WINDOW = 64 * 1024
local low = {}
for at = 0, WINDOW - 8, 8 do
  low[#low + 1] = workbench.pack(">I2", at)
end

-- A request may begin and end within a word, so whole words are made, and cut.
function pread(h, count, offset)
  local parts, skip = {}, offset % 8
  for at = offset - offset % WINDOW, offset + count - 1, WINDOW do
    local first = math.floor(math.max(offset - at, 0) / 8) + 1
    local last = math.ceil(math.min(offset + count - at, WINDOW) / 8)
    local high = workbench.pack(">I6", at / WINDOW)
    parts[#parts + 1] = high .. table.concat(low, high, first, last)
  end
  return table.concat(parts):sub(skip + 1, skip + count)
end

function pwrite(h, buf, offset)
  if buf ~= pread(h, #buf, offset) then
    error("EIO: this is not the pattern that belongs here")
  end
end
