function open(readonly) return {} end
function get_size(h) return = 5 end -- want: error syntax error near "="
