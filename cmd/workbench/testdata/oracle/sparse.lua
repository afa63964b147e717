#!/usr/bin/env -S nbdkit lua
-- A large disk that keeps what was written in a list of pieces, newest last,
-- and makes the rest by string.rep.

local size = 2 ^ 30
local pieces = {}
local statistics = setmetatable ({}, { __index = function () return 0 end })

function config (key, value)
   if key ~= "size" then
      error ("unknown parameter " .. key)
   end
   local number, unit = string.match (value, "^(%d+)([KMG]?)$")
   if not number then error ("cannot parse the size " .. value) end
   local power = { K = 1, M = 2, G = 3 }
   size = tonumber (number) * 1024 ^ (power[unit] or 0)
end

function open (readonly)
   return { readonly = readonly }
end

function close (h)
   for name, count in pairs (statistics) do
      print (name .. ":", count)
   end
end

function get_size (h)
   return size
end

function can_write (h) return not h.readonly end
function can_flush (h) return true end
function can_trim (h) return true end
function is_rotational (h) return false end

function pread (h, count, offset)
   statistics.reads = statistics.reads + 1
   local data = string.rep ("\0", count)
   for _, piece in ipairs (pieces) do
      local first = math.max (offset, piece.offset)
      local last = math.min (offset + count, piece.offset + #piece.data)
      if first < last then
         data = data:sub (1, first - offset)
            .. piece.data:sub (first - piece.offset + 1, last - piece.offset)
            .. data:sub (last - offset + 1)
      end
   end
   return data
end

function pwrite (h, buf, offset)
   statistics.writes = statistics.writes + 1
   if #pieces >= 300 then
      error (string.format ("too many pieces: %d bytes at %d (0x%x) are not kept", #buf, offset, offset))
   end
   pieces[#pieces + 1] = { offset = offset, data = buf }
   io.stderr:write ("wrote ", #buf, " at ", offset, "\n")
end

function trim (h, count, offset)
   local kept = {}
   for i = 1, #pieces do
      local piece = pieces[i]
      if piece.offset < offset or piece.offset + #piece.data > offset + count then
         kept[#kept + 1] = piece
      end
   end
   pieces = kept
end

function flush (h)
   collectgarbage ()
end
