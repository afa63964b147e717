-- A disk in memory whose contents survive when you save this file.
--
--   workbench run ramdisk.lua size=64M
--
-- workbench.memory makes a sparse disk: what was never written takes no space.
-- It lives outside of the script and is found again by its name, so mkfs, mount,
-- edit, save: the file system is still there.

name = "ramdisk"
description = "a disk in memory that survives a reload"
config_help = "size=SIZE    how large the disk is (default 8M)"

local size = 8 * 1024 * 1024
local disk

-- config is called for each key=value on the command line.
function config(key, value)
  if key ~= "size" then
    error("there is no parameter " .. key .. ": give size=64M")
  end
  size = nbdkit.parse_size(value)
end

-- config_complete is called after the last one.
function config_complete()
  disk = workbench.memory("ramdisk", size)
end

function open(readonly)
  return disk
end

function get_size(h)
  return h:size()
end

function pread(h, count, offset)
  return h:pread(count, offset)
end

-- Because pwrite is here, the disk can be written. The same goes for the others:
-- what a script defines is what its disk can do.
function pwrite(h, buf, offset)
  h:pwrite(buf, offset)
end

function flush(h)
  h:flush()
end

function trim(h, count, offset)
  h:trim(count, offset)
end

function zero(h, count, offset, may_trim)
  h:zero(count, offset, may_trim)
end

-- Which parts are holes, for clients that copy the disk.
function extents(h, count, offset, flags)
  return h:extents(count, offset)
end
