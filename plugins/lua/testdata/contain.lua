local function again(n)
  return 1 + again(n + 1) -- @recursion
end

function open(readonly) return {} end
function get_size(h) return 1048576 end

local list = {}

function pread(h, count, offset)
  if offset == 512 then
    while true do end -- @loop
  elseif offset == 1024 then
    return string.rep("x", 2^50) -- @rep
  elseif offset == 1536 then
    return again(1)
  elseif offset == 2048 then
    list = {}
    while true do list[#list + 1] = string.rep("an entry", 10000) end -- @hoard
  elseif offset == 2560 then
    local text = "x"
    while true do text = text .. text end -- @double
  end
  list = nil
  return string.rep("x", count)
end
