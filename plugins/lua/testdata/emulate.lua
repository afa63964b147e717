-- A disk in memory whose zero is never faster than writing.

local disk = workbench.memory("1M")

function open(readonly) return disk end
function get_size(h) return h:size() end
function pread(h, count, offset) return h:pread(count, offset) end
function pwrite(h, buf, offset) h:pwrite(buf, offset) end
function flush(h) h:flush() end

function zero(h, count, offset, may_trim)
  nbdkit.set_error("ENOTSUP")
  error("write the zeroes")
end
