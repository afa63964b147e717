-- A disk that is a report: what is read, the script writes at that moment.
--
--   workbench mount statistics.lua /tmp/report
--   cat /tmp/report; dd if=/tmp/report of=/dev/null bs=512 count=20; cat /tmp/report
--
-- The report is about the reads of this disk itself. Read it with different programs,
-- over NBD too, and see with what sizes they ask; the screen has the same requests.

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

function open(readonly)
  clients = clients + 1
  return {}
end

function get_size(h)
  return size
end

function pread(h, count, offset)
  reads = reads + 1
  by_size[count] = (by_size[count] or 0) + 1
  return report():sub(offset + 1, offset + count)
end
