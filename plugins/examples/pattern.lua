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
config_help = "size=SIZE    how large the disk is (default 16M)"

local size = 16 * 1024 * 1024

function config(key, value)
  if key ~= "size" then
    error("there is no parameter " .. key .. ": give size=16M")
  end
  size = nbdkit.parse_size(value)
end

function open(readonly)
  return {}
end

function get_size(h)
  return size
end

-- A request may begin and end within a word, so whole words are made, and cut.
function pread(h, count, offset)
  local skip = offset % 8
  local words = workbench.buffer(math.ceil((skip + count) / 8) * 8)
  for at = 0, #words - 8, 8 do
    words:set_u64be(at, offset - skip + at)
  end
  return words:sub(skip, count)
end

function pwrite(h, buf, offset)
  if buf ~= pread(h, #buf, offset) then
    error("EIO: this is not the pattern that belongs here")
  end
end
