-- A disk in a file.

local path, disk

function config(key, value)
  path = value
end

function get_ready()
  disk = workbench.file(path, "r+")
end

function open(readonly) return disk end
function get_size(h) return h:size() end
function pread(h, count, offset) return h:pread(count, offset) end
function pwrite(h, buf, offset) h:pwrite(buf, offset) end
function flush(h) h:flush() end
function trim(h, count, offset) h:trim(count, offset) end
function zero(h, count, offset, may_trim) h:zero(count, offset, may_trim) end
function extents(h, count, offset, flags) return h:extents(count, offset) end

function unload()
  if disk then disk:close() end
end
