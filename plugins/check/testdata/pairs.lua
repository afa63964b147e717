function open(readonly) return {} end
function get_size(h) return 1024 * 1024 end
function pread(h, count, offset) return string.rep("\0", count) end

function can_write(h) return true end -- want: error can_write says yes, but there is no pwrite
function can_flush(h) return true end -- want: error can_flush says yes, but there is no flush
function can_trim(h) return true end -- want: error can_trim says yes, but there is no trim
function can_zero(h) return true end -- want: warning can_zero says yes, but there is no zero
function can_extents(h) return true end -- want: error can_extents says yes, but there is no extents
function can_cache(h) return nbdkit.CACHE_NATIVE end -- want: warning can_cache says native, but there is no cache
function before_reload() return nil end -- want: warning before_reload without after_reload
