# The guide to routing, as it is written: its commands work, and what it shows is what is said.
guide=$top_srcdir/docs/guide/routing.md
guide_commands routing >commands
says commands 'plugin why' 'plugin routes' 'plugin pin' 'plugin unpin --all' '--media-type'
expect 0 kist init
expect 0 sh -eux commands
sed -n 's/^    //p' "$guide" | sed '/^kist-routes/,$d' >shown
[ -s shown ] || fail 'the guide shows nothing'
head -"$(wc -l <shown)" out >told
same shown told
equal "$(grep -c '^people.dat  table' out)" 5
equal "$(grep -c '^people.dat  bytes' out)" 1
says out ext:csv media:text/csv 'pinned: ext:dat goes to kist.csv' 'dropped: 1 route' 'dropped: 2 routes'
