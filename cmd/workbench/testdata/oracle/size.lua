-- Has another size at every open, some of them none.

local sizes = {
   1024.7, "2048", -5, false, 1e6, "0x400", "abc", true, {}, " 77 ", "1e3", 2 ^ 40, 0, 0.5, -0.5, 2 ^ 53,
   "4096.9", "-1", "", 1 / 0, 0 / 0, string.rep ("9", 30), function () end, "12 34", 1e300, -1e300, 2 ^ 62,
}
local opens = 0

function open (readonly)
   opens = opens + 1
   return opens
end

function get_size (h)
   local size = sizes[h]
   if size == false then return nil end
   if h > #sizes then error ("no more sizes") end
   return size
end

function pread (h, count, offset)
   return string.rep ("\0", count)
end
