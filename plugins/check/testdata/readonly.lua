function open(readonly) return {} end
function get_size(h) return 1024 * 1024 end
function pread(h, count, offset) return string.rep("\0", count) end

function trim(h, count, offset) end -- want: warning trim without pwrite
function zero(h, count, offset, may_trim) end -- want: warning zero without pwrite
function flush(h) end -- want: note flush without pwrite
