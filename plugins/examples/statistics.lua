-- A disk that is a report, which the script writes for each client.
--
--   workbench run statistics.lua
--   nbdcopy URI - | head -c 300        (the URI is at the top of the screen)
--
-- The report is about the reads of this disk. Read it with different programs, then again
-- with this one: with what sizes do they ask? The screen has the same requests. A client
-- sees the report as it was when it came, so that its reads fit together.

name = "statistics"
description = "a report about how this disk is read"

local size = 64 * 1024
local clients, reads = 0, 0
local by_size = {} -- how many reads there were of each size

-- The lines of the report, and then zero bytes, of which a terminal shows nothing.
local function report()
  local lines = { clients .. " clients so far, " .. reads .. " reads" }
  local sizes = {}
  for count in pairs(by_size) do
    sizes[#sizes + 1] = count
  end
  table.sort(sizes)
  for _, count in ipairs(sizes) do
    lines[#lines + 1] = "of " .. count .. " bytes: " .. by_size[count]
  end
  local text = table.concat(lines, "\n"):sub(1, size - 1) .. "\n"
  return text .. ("\0"):rep(size - #text)
end

-- What open returns can be anything but nil: here it is all that the client will see.
function open(readonly)
  clients = clients + 1
  return report()
end

function get_size(h)
  return #h
end

function pread(h, count, offset)
  reads = reads + 1
  by_size[count] = (by_size[count] or 0) + 1
  return h:sub(offset + 1, offset + count)
end
