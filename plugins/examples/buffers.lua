-- A disk with a volatile cache, in API version 2: buffers, and the flag FUA.
--
--   workbench run buffers.lua
--   qemu-io -t writeback -f raw -c "write 0 4k" -c "write -f 4k 4k" -c flush URI
--
-- (The URI is at the top of the screen.) What is written waits in a list until a flush,
-- or a write with FUA, moves it to the disk: both are said on the screen. Leave writeback
-- out, and qemu-io asks for FUA each time. Then write without a flush, as nbdcopy does,
-- and save this file. That is a power cut: what was in the list is lost.

API_VERSION = 2

name = "buffers"
description = "a disk that keeps what was flushed"

local disk = workbench.memory("buffers", "8M")
local ROOM = 32   -- that many writes fit into the cache
local cache = {}  -- of {offset, data}, the oldest first

local function drain(why)
  for _, w in ipairs(cache) do
    disk:pwrite(w.data, w.offset)
  end
  print(why .. ": " .. #cache .. " writes are safe now")
  cache = {}
end

function open(readonly)
  return {}
end

function get_size(h)
  return disk:size()
end

-- Without this the server does a flush after each write that has FUA.
function can_fua(h)
  return nbdkit.FUA_NATIVE
end

-- In version 2 pread returns nothing: it fills a buffer, whose offsets begin with 0.
function pread(h, buf, offset, flags)
  buf:set(0, disk:pread(#buf, offset))
  for _, w in ipairs(cache) do -- a later write hides an earlier one
    local from = math.max(offset, w.offset)
    local to = math.min(offset + #buf, w.offset + #w.data)
    if from < to then
      buf:set(from - offset, w.data:sub(from - w.offset + 1, to - w.offset))
    end
  end
end

-- The flags come last in every call. They are bits of one number.
function pwrite(h, buf, offset, flags)
  cache[#cache + 1] = { offset = offset, data = buf }
  if bit32.band(flags, nbdkit.FLAG_FUA) ~= 0 then
    drain("FUA")
  elseif #cache >= ROOM then
    drain("full")
  end
end

function flush(h, flags)
  drain("flush")
end
