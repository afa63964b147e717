-- write
local disk = workbench.memory(1024 * 1024)
function open(readonly) return disk end
function get_size(h) return h:size() end
function pread(h, count, offset) return h:pread(count, offset) end
function pwrite(h, buf, offset) -- want: error a write of 1 byte at 512 changed the byte at 513, which is none of them
  local skip = offset % 512
  local block = string.rep("\1", skip) .. buf
  block = block .. string.rep("\1", -#block % 512)
  h:pwrite(block, offset - skip)
end
