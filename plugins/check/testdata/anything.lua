-- params: size=1M colour=red
local params = {}
function config(key, value) -- want: note config takes any parameter
  params[key] = value
end
local colour = params.colour
local size = params.size
function open(readonly) return {} end
function get_size(h) return 1024 * 1024 end
function pread(h, count, offset) return string.rep("\0", count) end
