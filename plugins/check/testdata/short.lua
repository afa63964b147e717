local content = string.rep("x", 100000)
function open(readonly) return {} end
function get_size(h) return 100352 end
function pread(h, count, offset) -- want: error bytes: 65536 were asked for at offset 34816
  return content:sub(offset + 1, offset + count)
end
