-- Several disks at one address: a client says which one it wants.
--
--   workbench run exports.lua
--   nbdinfo --list URI                 (the URI is at the top of the screen)
--   qemu-io -f raw -c "write 0 4k" "nbd+unix:///large?socket=..."
--
-- The name stands between the slashes of the URI. A client that gives none gets the
-- default. Look at the panel of the connections: it has the name that each one asked for.

name = "exports"
description = "three disks, each with a name and a description"

local disks = {
  { name = "small", size = "1M", description = "a floppy disk, nearly" },
  { name = "large", size = "1G", description = "a hard disk of long ago" },
  { name = "huge", size = "1T", description = "as large as yours" },
}
local by_name = {}

for _, d in ipairs(disks) do
  d.disk = workbench.memory("exports " .. d.name, d.size)
  by_name[d.name] = d
end

-- For clients that ask what there is: names, or tables with a name and a description.
function list_exports(readonly, is_tls)
  return disks
end

-- What a client gets that does not name one.
function default_export(readonly, is_tls)
  return "small"
end

-- The name comes from outside. It may be anything, also one that was never listed.
function open(readonly)
  local wanted = nbdkit.export_name()
  if not by_name[wanted] then
    error("ENOENT: there is no disk " .. wanted .. ": nbdinfo --list shows all")
  end
  return by_name[wanted]
end

function export_description(h)
  return h.description
end

function get_size(h)
  return h.disk:size()
end

function pread(h, count, offset)
  return h.disk:pread(count, offset)
end

function pwrite(h, buf, offset)
  h.disk:pwrite(buf, offset)
end

function trim(h, count, offset)
  h.disk:trim(count, offset)
end

function zero(h, count, offset, may_trim)
  h.disk:zero(count, offset, may_trim)
end

function extents(h, count, offset, flags)
  return h.disk:extents(count, offset)
end
