#!/usr/sbin/nbdkit lua
-- A read-only image that is made when the server starts: a volume label, and
-- the words that were given, each in a sector of its own.

local SECTOR = 2048
local label, sectors, words = "NONAME", 32, {}

function config (key, value)
   if key == "label" then
      label = assert (string.match (value, "^[A-Z0-9_]+$"), "a label is made of capitals")
   elseif key == "sectors" then
      sectors = assert (tonumber (value), "sectors: not a number: " .. value)
      assert (sectors % 1 == 0 and sectors > 16, "sectors: at least 17")
   elseif key == "word" then
      table.insert (words, value)
   else
      error (string.format ("unknown parameter: %s=%s", key, value))
   end
end

local image

function config_complete ()
   local parts = { string.rep ("\0", 16 * SECTOR) }
   local volume = string.char (1) .. "CD001" .. string.char (1, 0) .. string.format ("%-32s", label)
   table.insert (parts, volume .. string.rep ("\0", SECTOR - #volume))
   for i, word in ipairs (words) do
      local text = string.format ("%d: %s (%5.1f%%) %q %x\n", i, word:upper (), 100 * i / #words, word, i * 1000)
      table.insert (parts, text .. string.rep (" ", SECTOR - #text))
   end
   image = table.concat (parts)
   local size = sectors * SECTOR
   if #image < size then
      image = image .. string.rep ("\0", size - #image)
   end
   print ("the image has", #image, "bytes")
end

function open (readonly)
   io.stderr:write (string.format ("opened, readonly=%s\n", tostring (readonly)))
   return true
end

function get_size (h) return #image end

function pread (h, count, offset)
   return string.sub (image, offset + 1, offset + count)
end

function can_write (h) return false end
