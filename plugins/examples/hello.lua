-- The smallest disk: read-only, one sentence over and over.
--
--   workbench run hello.lua
--
-- Three functions make a disk. open is called for each client; what it returns
-- comes back as h in every other call, so that a client can have its own state.
-- This script is an nbdkit plugin as well: nbdkit lua hello.lua

local text = "Hello from Lua!\n"
local size = 64 * 1024

function open(readonly)
  return {}
end

-- The size of the disk in bytes, asked once for each client.
function get_size(h)
  return size
end

-- Return count bytes from offset on. The two are inside the disk, always.
function pread(h, count, offset)
  local skip = offset % #text
  local lines = math.floor(count / #text) + 2
  return text:rep(lines):sub(skip + 1, skip + count)
end
