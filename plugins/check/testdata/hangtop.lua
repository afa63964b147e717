-- limit: 1s
function open(readonly) return {} end
while true do end -- want: error the top level of the script was not done after 1s
