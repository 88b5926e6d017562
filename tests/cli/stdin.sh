# The standard input is kept like a file.
make_npy a.npy
expect 0 kist init
expect 2 kist put - <a.npy
kist put --name in.npy - <a.npy >out || fail 'put from a pipe'
says out 'float32 [2, 3]'
cat a.npy | kist put --name piped.npy - >/dev/null
expect 0 kist cat piped.npy
same a.npy out
kist put --name nothing - </dev/null >/dev/null
expect 0 kist cat nothing
equal "$(wc -c <out)" 0
