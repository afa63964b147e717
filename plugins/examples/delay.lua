-- A slow disk: each read and each write waits before it begins.
--
--   workbench run delay.lua rdelay=50ms wdelay=0.2
--   nbdcopy URI null:                  (the URI is at the top of the screen)
--
-- Look at the times in the table of the callbacks, and then at how long the requests
-- took: a Lua script does one at a time, so the others queue. In delay.star they do not.

name = "delay"
description = "a disk in memory with slow reads and writes"
config_help = [[
rdelay=TIME   how long a read waits: 50ms, 0.2, 300us (default 20ms)
wdelay=TIME   how long a write waits (default 20ms)]]

local rdelay, wdelay = 0.02, 0.02 -- seconds
local disk = workbench.memory("delay", "8M")

function config(key, value)
  if key == "rdelay" then
    rdelay = nbdkit.parse_delay(value)
  elseif key == "wdelay" then
    wdelay = nbdkit.parse_delay(value)
  else
    error("there is no parameter " .. key .. ": give rdelay=50ms or wdelay=50ms")
  end
end

function open(readonly)
  return disk
end

function get_size(h)
  return h:size()
end

-- nanosleep ends at once when the server stops. A loop that waits would not.
function pread(h, count, offset)
  nbdkit.nanosleep(rdelay)
  return h:pread(count, offset)
end

function pwrite(h, buf, offset)
  nbdkit.nanosleep(wdelay)
  h:pwrite(buf, offset)
end

function flush(h)
  h:flush()
end
