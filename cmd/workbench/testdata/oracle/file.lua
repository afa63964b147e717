#!/usr/sbin/nbdkit lua
-- A disk in a file, the usual way: open, seek, read, write, and assert.

local file
local tear

function config (key, value)
   if key == "file" then
      file = value
   elseif key == "tear" then
      tear = assert (tonumber (value), "tear must be a number")
   else
      error ("unknown parameter " .. key)
   end
end

function config_complete ()
   assert (file, "the file parameter is missing")
end

function open (readonly)
   local h = {}
   h.file = assert (io.open (file, readonly and "rb" or "r+b"))
   h.size = assert (h.file:seek ("end"))
   return h
end

function close (h)
   h.file:close ()
end

function get_size (h)
   return h.size
end

function can_flush (h)
   return true
end

function pread (h, count, offset)
   assert (h.file:seek ("set", offset))
   local buf = assert (h.file:read (count))
   -- A file that is torn off ends too early; then what comes back is too short.
   if tear and offset + count > tear then
      return buf:sub (1, math.max (tear - offset, 0))
   end
   return buf
end

function pwrite (h, buf, offset)
   assert (h.file:seek ("set", offset))
   assert (not tear or offset + #buf <= tear, string.format ("cannot write %d bytes at %d", #buf, offset))
   assert (h.file:write (buf))
end

function flush (h)
   assert (h.file:flush ())
end
