-- params: flie=disk.img
local file
function config(key, value) -- want: warning nothing in the script names flie: did you mean file?
  if key == "file" then file = value end
end
function open(readonly) return {} end
function get_size(h) return 1024 * 1024 end
function pread(h, count, offset) return string.rep("\0", count) end
