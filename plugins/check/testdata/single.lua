function thread_model() return nbdkit.THREAD_MODEL_SERIALIZE_CONNECTIONS end
local opened = false
function open(readonly)
  assert(not opened, "one client at a time was asked for")
  opened = true
  return {}
end
function close(h) opened = false end
function get_size(h) return 1000 end -- want: warning the size 1000 is not a multiple of 512
function pread(h, count, offset) return string.rep("\0", count) end
