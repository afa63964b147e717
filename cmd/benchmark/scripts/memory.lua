-- The disk of blocks.lua as the workbench's own memory makes it.

local size = 67108864
local disk

function config(key, value)
  size = tonumber(value)
end

function config_complete()
  disk = workbench.memory(size)
end

function open(readonly)
  return disk
end

function get_size(h)
  return h:size()
end

function pread(h, count, offset)
  return h:pread(count, offset)
end

function pwrite(h, buf, offset)
  h:pwrite(buf, offset)
end

function flush(h)
  h:flush()
end
