function open(readonly)
  if readonly then
    return nil + 1 -- want: error a client of a server that serves read-only: open: cannot perform add operation
  end
  return {}
end
function get_size(h) return 65536 end
function pread(h, count, offset) return string.rep("\0", count) end
