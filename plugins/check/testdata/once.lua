local opened = false
function open(readonly)
  assert(not opened, "somebody has it open") -- want: error a second client at the same time: open: somebody has it open
  opened = true
  return {}
end
function close(h) opened = false end
function get_size(h) return 65536 end
function pread(h, count, offset) return string.rep("\0", count) end
