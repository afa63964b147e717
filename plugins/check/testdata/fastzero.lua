-- write
API_VERSION = 2
local disk = workbench.memory(1024 * 1024)
function open(readonly) return disk end
function get_size(h) return h:size() end
function pread(h, buf, offset, flags) buf:set(0, h:pread(#buf, offset)) end
function pwrite(h, buf, offset, flags) h:pwrite(buf, offset) end
function can_fast_zero(h) return true end
function zero(h, count, offset, flags)
  if flags >= nbdkit.FLAG_FAST_ZERO then
    error("not that fast") -- want: error zero: not that fast
  end
  h:zero(count, offset)
end
