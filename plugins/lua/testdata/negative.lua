function open(readonly) return {} end
function get_size(h) return -1 end
function pread(h, count, offset) return string.rep("x", count) end
