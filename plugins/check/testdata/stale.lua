-- write
local disk = workbench.memory(1024 * 1024)
function open(readonly) return disk end
function get_size(h) return h:size() end
function pread(h, count, offset) return h:pread(count, offset) end
function pwrite(h, buf, offset) h:pwrite(buf, offset) end
function extents(h, count, offset, flags) -- want: error reads as zeroes, but other bytes were written there
  return { { 0, 1024 * 1024, nbdkit.EXTENT_HOLE + nbdkit.EXTENT_ZERO } }
end
