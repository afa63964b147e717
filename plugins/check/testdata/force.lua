function open(readonly) return {} end
function get_size(h) return 1024 * 1024 end
function pread(h, count, offset) return string.rep("\0", count) end

function pwrite(h, buf, offset) end
function zero(h, count, offset, may_trim) end
function can_fua(h) return nbdkit.FUA_NATIVE end -- want: warning can_fua says native -- want: warning can_fua says yes, but there is no flush
function can_fast_zero(h) return true end -- want: warning can_fast_zero says yes
function after_reload(state) end -- want: warning after_reload without before_reload
