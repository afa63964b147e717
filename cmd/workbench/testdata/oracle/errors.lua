-- Goes wrong in every way, by the offset.

local SIZE = 65536

local ways = {
   [1] = function () error ("boom") end,
   [2] = function () error ("boom", 0) end,
   [3] = function () error ({}) end,
   [4] = function () error ({ "text" }) end,
   [5] = function () error (42) end,
   [6] = function () error () end,
   [7] = function () assert (false) end,
   [8] = function () assert (nil, "assertion text") end,
   [9] = function () assert (io.open ("no/such/file")) end,
   [10] = function () local t; return t.x end,
   [11] = function () return 1 + {} end,
   [12] = function () return "short" end,
   [13] = function () return nil end,
   [14] = function () return 12345 end,
   [15] = function () return 1.5 end,
   [16] = function () return true end,
   [17] = function () return {} end,
   [18] = function () return ("x"):rep (100000) end,
   [19] = function () return ("a"):bad () end,
   [20] = function () return end,
   [21] = function (count) return ("y"):rep (count), "second" end,
   [22] = function () error (function () end) end,
   [23] = function () error (setmetatable ({}, { __tostring = function () return "told" end })) end,
   [24] = function () return -7 end,
   [25] = function () return "" end,
}

local function trouble (count, offset)
   local way = ways[math.floor (offset / 512) % 32]
   if way then return true, way (count) end
end

function open (readonly)
   return 1
end

function get_size (h)
   return SIZE
end

function can_flush (h)
   return true
end

local flushes = 0

function pread (h, count, offset)
   local bad, data = trouble (count, offset)
   if bad then return data end
   return string.rep (string.char (flushes % 256), count)
end

function pwrite (h, buf, offset)
   return (select (2, trouble (#buf, offset)))
end

function trim (h, count, offset)
   return (select (2, trouble (count, offset)))
end

function zero (h, count, offset, may_trim)
   if offset % 3 == 0 then return end
   return (select (2, trouble (count, offset)))
end

function flush (h)
   flushes = flushes + 1
   if flushes % 4 == 0 then error ("cannot flush now") end
end
