#!/usr/sbin/nbdkit lua
-- A disk in a file, written as nbdkit's manual of Lua plugins describes.

local file

function config (key, value)
   if key == "file" then
      file = value
   else
      error ("unknown parameter " .. key)
   end
end

function config_complete ()
   if not file then
      error ("the file parameter is missing")
   end
end

function open (readonly)
   local mode
   if readonly then mode = "rb" else mode = "r+b" end
   return assert (io.open (file, mode))
end

function close (h)
   h:close ()
end

function get_size (h)
   return assert (h:seek ("end", 0))
end

function pread (h, count, offset)
   assert (h:seek ("set", offset))
   local buf = h:read (count)
   assert (buf and #buf == count, "short read")
   return buf
end

function pwrite (h, buf, offset)
   assert (h:seek ("set", offset))
   assert (h:write (buf))
end

function flush (h)
   assert (h:flush ())
end
