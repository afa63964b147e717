#!/usr/sbin/nbdkit lua
-- A RAM disk that is a table of blocks. What it was called with stands in a
-- journal, which a read of exactly the first 4096 bytes takes.

local BLOCK = 4096
local size = 1048576
local blocks = {}
local journal = ""
local empty = string.rep ("\0", BLOCK)

local function note (format, ...)
   if #journal < 3000 then
      journal = journal .. string.format (format, ...) .. "\n"
   end
end

function config (key, value)
   local units = { [""] = 1, k = 1024, m = 1048576 }
   if key == "size" then
      local n, unit = string.match (value, "^(%d+)([km]?)$")
      size = tonumber (n) * units[unit]
   elseif key == "odd" then
      size = size + tonumber (value)
   else
      error ("unknown parameter " .. key)
   end
end

function open (readonly)
   note ("open %s", tostring (readonly))
   return { readonly = readonly }
end

function close (h)
   note ("close %s", tostring (h.readonly))
end

function get_size (h)
   return size
end

function can_flush (h)
   return true
end

-- Calls f (index, from, count) for each block that a range touches.
local function each (count, offset, f)
   while count > 0 do
      local from = offset % BLOCK
      local n = math.min (count, BLOCK - from)
      f (math.floor (offset / BLOCK), from, n)
      offset, count = offset + n, count - n
   end
end

function pread (h, count, offset)
   if offset == 0 and count == BLOCK then
      local text = journal
      journal = ""
      return text .. string.rep ("\0", BLOCK - #text)
   end
   note ("pread %d %d", count, offset)
   local parts = {}
   each (count, offset, function (i, from, n)
      local block = blocks[i] or empty
      parts[#parts + 1] = block:sub (from + 1, from + n)
   end)
   return table.concat (parts)
end

local function put (count, offset, get)
   each (count, offset, function (i, from, n)
      local block = blocks[i] or empty
      blocks[i] = block:sub (1, from) .. get (n) .. block:sub (from + n + 1)
   end)
end

function pwrite (h, buf, offset)
   note ("pwrite %d %d", #buf, offset)
   local at = 1
   put (#buf, offset, function (n)
      at = at + n
      return buf:sub (at - n, at - 1)
   end)
end

function flush (h)
   note ("flush")
end

function trim (h, count, offset)
   note ("trim %d %d", count, offset)
   each (count, offset, function (i, from, n)
      if n == BLOCK then blocks[i] = nil end
   end)
end

function zero (h, count, offset, may_trim)
   note ("zero %d %d %s", count, offset, tostring (may_trim))
   put (count, offset, function (n) return empty:sub (1, n) end)
end
