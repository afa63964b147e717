function open(readonly) return {} end
function get_size(h) return 65536 end
function pread(h, buf, offset, flags) -- want: error pread takes (h, buf, offset, flags), but is given (h, count, offset): that is API version 2
  buf:set(0, string.rep("\0", #buf)) -- want: error pread: attempt to index a non-table object(number)
end
function pwrite(h, buf, offset, flags) end -- want: warning pwrite takes (h, buf, offset, flags), but is given (h, buf, offset): that is API version 2
function zero(h, count, offset, flags) end -- want: warning zero takes (h, count, offset, flags), but is given (h, count, offset, may_trim): that is API version 2
