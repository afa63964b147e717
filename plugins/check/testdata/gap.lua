function open(readonly) return {} end
function get_size(h) return 1024 * 1024 end
function pread(h, count, offset) return string.rep("\0", count) end

function extents(h, count, offset, flags) -- want: error extents: extent at 8192 does not follow
  return { { 0, 4096, 3 }, { 8192, 1024 * 1024, 0 } }
end
