function open(readonly) return {} end
function get_size(h) return 65536 end
function can_write(h) return 1 end -- want: error can_write: wanted a boolean, got 1
function pread(h, count, offset) return string.rep("\0", count) end
function pwrite(h, buf, offset) end
