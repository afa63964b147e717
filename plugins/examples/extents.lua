-- A map of the disk: which parts are data, which are holes.
--
--   workbench run extents.lua "map=###...000..#"
--   nbdinfo --map URI                  (the URI is at the top of the screen)
--
-- Each sign of the map stands for 64 KiB: # is data, . a hole, 0 zeroes that have
-- storage. nbdinfo draws the same map. Then copy the disk with nbdcopy or qemu-img:
-- the screen has no READ of a hole, since the client knows already what is there.

name = "extents"
description = "a disk that tells which of its parts are holes"
config_help = "map=SIGNS    as ##..00..##, a sign for each 64 KiB"

local PIECE = 64 * 1024
local map = "##..00..##"

function config(key, value)
  if key ~= "map" then
    error("there is no parameter " .. key .. ": give map=##..00..##")
  end
  local wrong = value:match("[^#.0]")
  if wrong or value == "" then
    error("map: " .. (wrong or "nothing") .. " is in it: use # data, . hole, 0 zeroes")
  end
  map = value
end

function open(readonly)
  return {}
end

function get_size(h)
  return #map * PIECE
end

-- Call visit(sign, from, to) for each piece that a request touches.
local function each_piece(count, offset, visit)
  for n = math.floor(offset / PIECE), math.floor((offset + count - 1) / PIECE) do
    local from = math.max(offset, n * PIECE)
    local to = math.min(offset + count, (n + 1) * PIECE)
    visit(map:sub(n + 1, n + 1), from, to)
  end
end

-- What the map calls a hole or zeroes must read as zeroes, for not everybody asks.
function pread(h, count, offset)
  local parts = {}
  each_piece(count, offset, function(sign, from, to)
    parts[#parts + 1] = (sign == "#" and "#" or "\0"):rep(to - from)
  end)
  return table.concat(parts)
end

-- A list of {offset, length, type}, in order and without gaps. Neighbours of one
-- kind become one on their way to the client.
function extents(h, count, offset, flags)
  local kinds = {
    ["#"] = 0,
    ["."] = nbdkit.EXTENT_HOLE + nbdkit.EXTENT_ZERO, -- no storage, and reads as zeroes
    ["0"] = nbdkit.EXTENT_ZERO,                      -- storage that reads as zeroes
  }
  local list = {}
  each_piece(count, offset, function(sign, from, to)
    list[#list + 1] = { from, to - from, kinds[sign] }
  end)
  return list
end
