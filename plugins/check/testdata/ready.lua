function open(readonly) return {} end
function get_size(h) return 1024 * 1024 end
function pread(h, count, offset) return string.rep("\0", count) end
function get_ready()
  assert(io.open("/nowhere/at/all")) -- want: error get_ready: /nowhere/at/all
end
