-- want file: error the script does not define open -- want file: error the script does not define get_size -- want file: error the script does not define pread
function Open(readonly) return {} end -- want: warning did you mean open?
function get_sizes(h) return 512 end -- want: warning did you mean get_size?
function Pread(h, count, offset) return string.rep("\0", count) end -- want: warning did you mean pread?
