function open(readonly) return {} end
function get_size(h) return 1024 * 1024 end
function pread(h, count, offset) return string.rep("\0", count) end

function pwirte(h, buf, offset) end -- want: warning pwirte is no callback, and nothing calls it: did you mean pwrite?
function can_flsh(h) return true end -- want: warning did you mean can_flush?
function canTrim(h) return true end -- want: warning did you mean can_trim?
function write_zeroes(h, count, offset, may_trim) end -- want: warning did you mean zero?

function extent(h) return h end -- a helper is no mistake
function closed(h) return extent(h) end
function close(h) closed(h) end

longname = function() return "Test" end -- want: warning longname is a function: the field of that name holds a string
verison = "1.0" -- want: warning verison is no field, and nothing uses it: did you mean version?
