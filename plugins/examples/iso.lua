-- A CD: an image that can only be read, and says so.
--
--   workbench run iso.lua file=debian.iso
--   nbdinfo URI                        (the URI is at the top of the screen)
--
-- Without pwrite a disk is read-only. nbdinfo shows that and the other facts below,
-- which clients use to do better; try to write with qemu-io, and it will not even ask.

name = "iso"
description = "a read-only image"
config_help = "file=PATH    the image (required)"

local path

function config(key, value)
  if key ~= "file" then
    error("there is no parameter " .. key .. ": give file=debian.iso")
  end
  path = value
end

-- Check what you can before the first client is there.
function config_complete()
  if not path then
    error("which image? Give file=debian.iso")
  end
  workbench.file(path, "r"):close()
end

function open(readonly)
  return workbench.file(path, "r")
end

function close(h)
  h:close()
end

function get_size(h)
  return h:size()
end

function pread(h, count, offset)
  return h:pread(count, offset)
end

function extents(h, count, offset, flags)
  return h:extents(count, offset)
end

-- It spins, and takes its time to get elsewhere.
function is_rotational(h)
  return true
end

-- One client may open several connections: what cannot change is the same on all.
function can_multi_conn(h)
  return true
end

-- Any number of bytes will do, a multiple of 2048 is best, and 1 MiB at most.
function block_size(h)
  return 1, 2048, 1024 * 1024
end
