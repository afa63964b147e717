-- A disk of your own: begin here.
--
--   workbench run THIS_FILE size=16M
--
-- It works as it stands, as a disk in memory. Save a change while it runs: the
-- clients stay connected, and a mistake leaves the version before in service.

-- For people: what this is, and a line for each parameter.
name = "mydisk"
description = "what this disk is, in one line"
config_help = "size=SIZE    how large the disk is (default 8M)"

local size = 8 * 1024 * 1024
local disk

-- The parameters of the command line, one call for each key=value. A script
-- without config takes none.
function config(key, value)
  if key == "size" then
    size = nbdkit.parse_size(value) -- "16M" and the like
  else
    error("there is no parameter " .. key)
  end
end

-- After the last parameter, before the first client. To keep data in a file
-- instead, use workbench.file(path, "r+").
function config_complete()
  disk = workbench.memory("disk", size) -- kept over reloads, by its name
end

-- A client has come. Return whatever you want to have as h below.
function open(readonly)
  return { disk = disk, readonly = readonly }
end

-- It has gone.
function close(h)
end

-- In bytes, fixed as long as the client is there.
function get_size(h)
  return h.disk:size()
end

-- Return count bytes, a string, from offset on. print shows up on the screen.
function pread(h, count, offset)
  return h.disk:pread(count, offset)
end

-- Write the string buf. To fail, raise an error; if it begins with a name, as in
-- error("ENOSPC: the disk is full"), that is what the client gets, else EIO.
function pwrite(h, buf, offset)
  h.disk:pwrite(buf, offset)
end

-- Return when everything that was written is safe.
function flush(h)
  h.disk:flush()
end

-- These may be left out. The disk then cannot trim, zeroes are written by
-- pwrite, and all of it counts as data.
function trim(h, count, offset)
  h.disk:trim(count, offset)
end

function zero(h, count, offset, may_trim)
  h.disk:zero(count, offset, may_trim)
end

function extents(h, count, offset, flags)
  return h.disk:extents(count, offset)
end
