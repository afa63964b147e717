function open(readonly) return {} end
function get_size(h) return 65536 end
function pread(h, count, offset) return string.rep("\0", count) end
function export_description(h) return {} end -- want: error export_description: wanted a string, got a table
function block_size(h) return 100, 4096, 65536 end -- want: error block_size: minimum block size 100 is not a power of two
function list_exports(readonly, is_tls) return "one" end -- want: error list_exports: wanted a list
function can_cache(h) return nbdkit.CACHE_EMULATE end
function close(h) error("no") end -- want: error close: no
function cleanup() nothing() end -- want: error cleanup: attempt to call
