function open(readonly) -- want: note open took
  local finish = os.clock() + 1.2
  while os.clock() < finish do end
  return {}
end
function get_size(h) return 65536 end
function pread(h, count, offset) return string.rep("\0", count) end
