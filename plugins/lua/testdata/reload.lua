-- A disk that survives a reload, and a value that does.

local disk = workbench.memory("reload", "1M")
local state = {text = "a", number = 7, list = {1, true, "z"}}

function open(readonly) return disk end
function get_size(h) return h:size() end
function pread(h, count, offset) return h:pread(count, offset) end
function pwrite(h, buf, offset) h:pwrite(buf, offset) end

function before_reload()
  return state
end

function after_reload(old)
  state = old
  print(state.text .. " " .. state.number)
end
