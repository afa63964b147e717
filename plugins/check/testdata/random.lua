local n = 0
function pwrite(h, buf, offset) end
function open(readonly) return {} end
function get_size(h) return 65536 end
function pread(h, count, offset) -- want: note two reads of
  n = (n + 1) % 256
  return string.rep(string.char(n), count)
end
