function open(readonly) return {} end
function get_size(h) return 1000 end -- want: warning the size 1000 is not a multiple of 512
function pread(h, count, offset) return string.rep("\0", count) end
