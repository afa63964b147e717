-- write
local disk = workbench.memory(1024 * 1024)
function open(readonly) return disk end
function get_size(h) return h:size() end
function pread(h, count, offset) return h:pread(count, offset) end
function pwrite(h, buf, offset) h:pwrite(buf, offset) end
function zero(h, count, offset, may_trim) -- want: error after a zero of 4096 bytes at 4096 the byte at 8191 reads as
  h:zero(count - 1, offset, may_trim)
end
function trim(h, count, offset) -- want: error a trim of 4096 bytes at 4096 changed the byte at
  h:trim(count, offset + 100)
end
function flush(h)
  return h.no.such -- want: error flush: attempt to index
end
