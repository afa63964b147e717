-- Decides in config which functions there are.

local size = 65536

function config (key, value)
   if key == "readonly" then
      pwrite = nil
   elseif key == "byte" then
      function pread (h, count, offset) return value:rep (count) end
   elseif key == "trim" then
      function trim (h, count, offset) end
      function can_trim (h) return true end
   end
end

function config_complete ()
   local original = get_size
   get_size = function (h) return original (h) * 2 end
end

function open (readonly) return readonly end
function get_size (h) return size end
function can_flush (h) return true end
function pread (h, count, offset) return string.rep ("a", count) end
function pwrite (h, buf, offset) end
function flush (h) end
