-- A disk whose size is a parameter.

local size

function config(key, value)
  if key ~= "size" then
    error("unknown parameter " .. key) -- @unknown
  end
  size = nbdkit.parse_size(value)
end

function config_complete()
  assert(size, "size=SIZE is needed") -- @missing
end

function open(readonly) return {} end
function get_size(h) return size end
function pread(h, count, offset) return string.rep("x", count) end
