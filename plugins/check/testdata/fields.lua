function open(readonly) return {} end
function get_size(h) return 1024 * 1024 end
function pread(h, count, offset) return string.rep("\0", count) end

name = "my disk" -- want: warning name is "my disk"
version = 1.5 -- want: warning version is a number
magic_config_key = "file" -- want: warning magic_config_key without config
description = "A disk of zeroes."
