-- A disk with a partition, a file system and a file, all made by this script.
--
--   workbench mount partition.lua /tmp/disk
--   fdisk -l /tmp/disk; mtype -i /tmp/disk@@1M ::README.TXT
--
-- workbench.pack puts numbers and strings into the bytes that a format wants: < is for
-- the lowest byte first, B I2 I4 are integers of 1, 2 and 4 bytes, c11 is a string of
-- 11. Change TEXT, save, and read the file again.

name = "partition"
description = "a partition table, FAT12 and a text file"

local TEXT = "This file was written by a script.\r\n"

-- All sizes but the first are in sectors.
local SECTOR = 512
local START, LENGTH = 2048, 2048                         -- of the partition
local RESERVED, FATS, FAT, ROOT, CLUSTER = 1, 2, 2, 1, 4 -- what FAT is made of
local LABEL = "WORKBENCH  "

local pack = workbench.pack
local disk = workbench.memory((START + LENGTH) * SECTOR)

local function put(sector, bytes)
  disk:pwrite(bytes, sector * SECTOR)
end

-- The first sector has room for a program, a number and four partitions.
local TYPE_FAT12, BEYOND = 1, "\254\255\255" -- a place that old addresses cannot tell
put(0, pack("<c440 I4 I2 B c3 B c3 I4 I4 c48 I2",
  "", 0x20010203, 0,
  0, BEYOND, TYPE_FAT12, BEYOND, START, LENGTH,
  "", 0xAA55))

-- The first sector of the file system says where everything is in it.
put(START, pack("<c3 c8  I2 B I2 B I2 I2 B I2 I2 I2 I4 I4 B B B I4 c11 c8 c448 I2",
  "\235\60\144", "WORKBNCH",
  SECTOR, CLUSTER, RESERVED, FATS, ROOT * SECTOR / 32, LENGTH, 0xF8, FAT,
  63, 255, START, 0,
  0x80, 0, 0x29, 0x20010203, LABEL, "FAT12", "", 0xAA55))

-- The table: 12 bits for each cluster. 0 and 1 are no clusters, 2 is the file's last.
for i = 0, FATS - 1 do
  put(START + RESERVED + i * FAT, pack("<I3 I3", 0xFFFFF8, 0x000FFF))
end

-- The root folder: entries of 32 bytes with a name, what it is, times, place and size.
local root = START + RESERVED + FATS * FAT
local function entry(label, kind, cluster, size)
  local time, date = 0, 0x5821
  return pack("<c11 B c10 I2 I2 I2 I4", label, kind, "", time, date, cluster, size)
end
assert(#TEXT <= CLUSTER * SECTOR, "TEXT is too long: it has one cluster")
put(root, entry(LABEL, 0x08, 0, 0) .. entry("README  TXT", 0x20, 2, #TEXT))
put(root + ROOT, TEXT)

function open(readonly)
  return disk
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
