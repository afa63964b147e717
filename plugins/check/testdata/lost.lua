-- write
local disk = workbench.memory(1024 * 1024)
function open(readonly) return disk end
function get_size(h) return h:size() end
function pread(h, count, offset) return h:pread(count, offset) end
function pwrite(h, buf, offset) end -- want: error after a write of 4096 bytes at 0 the byte at 0 reads as 0x00
