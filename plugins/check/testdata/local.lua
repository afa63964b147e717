function open(readonly) return {} end
function get_size(h) return 1024 * 1024 end
function pread(h, count, offset) return string.rep("\0", count) end

local API_VERSION = 2 -- want: warning API_VERSION is local
local function pwrite(h, buf, offset) end -- want: warning pwrite is local
local flush = function(h) end -- want: warning flush is local

local function trim() end -- a helper that is used is no mistake
function close(h) trim() end
