function open(readonly) return {} end
function get_size(h) return 1048576 end

function pread(h, count, offset)
  if offset == 512 then
    print("spinning")
    while true do end
  end
  return string.rep("x", count)
end
