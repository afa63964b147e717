local size = 0
function open(readonly) return {} end
function get_size(h) -- want: warning the disk is another one
  size = size + 512
  return size
end
function pread(h, count, offset) return string.rep("\0", count) end
