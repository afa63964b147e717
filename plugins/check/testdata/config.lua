-- params: a=b
function open(readonly) return {} end
function get_size(h) return 1024 * 1024 end
function pread(h, count, offset) return string.rep("\0", count) end
function config(key, value)
  error("there is no " .. key) -- want: error parameter a=b: config: there is no a
end
