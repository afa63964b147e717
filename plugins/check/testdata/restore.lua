-- write
local disk = workbench.memory(1024 * 1024)
local written = 0
function open(readonly) return disk end
function get_size(h) return h:size() end
function pread(h, count, offset) return h:pread(count, offset) end
function pwrite(h, buf, offset) -- want: error 0 to 4096 could not be put back as it was
  written = written + 1
  if written > 2 then
    error("ENOSPC: the log is full")
  end
  h:pwrite(buf, offset)
end
