function open(readonly) return {} end
function get_size(h) return 10000 end -- want: warning the size 10000 is not a multiple of the smallest block, 4096
function block_size(h) return 4096, 4096, 65536 end
function pread(h, count, offset)
  assert(offset % 4096 == 0 and count % 4096 == 0 and count <= 65536, "only whole blocks come here")
  return string.rep("\0", count)
end
