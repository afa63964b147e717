API_VERSION = 2
function open(readonly) return {} end
function get_size(h) return 65536 end
function pread(h, count, offset) -- want: error pread takes (h, count, offset), but is given (h, buf, offset, flags): that is API version 1
  return string.rep("\0", count) -- want: error pread: bad argument
end
function pwrite(h, buf, offset) end
function zero(h, count, offset, may_trim) end -- want: warning that is API version 1
