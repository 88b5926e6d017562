# The first commands of the guide to jobs, as they are written, with a program that trains nothing.
guide=$top_srcdir/docs/guide/jobs.md
cat >train.py <<'PY'
import json, os, socket
os.makedirs("artifacts/models")
with open("artifacts/models/sizes.csv", "w") as file:
    file.write("name,size\nAda,1\n")
agent = socket.socket(socket.AF_UNIX)
agent.connect(os.environ["KIST_SOCKET"])
agent.sendall(json.dumps({"op": "metric", "name": "loss", "value": 0.1}).encode() + b"\n")
assert json.loads(agent.recv(4096))["ok"]
print("trained")
PY
printf 'command: [sh, -c, "echo from a file"]\n' >job.yaml
sed -n 's/^    \$ \(kist .*\)/\1/p' "$guide" >commands
equal "$(wc -l <commands)" 7
# The guide's id of a job is any: here it is the end of that of the first.
sed -i "s/1a2b3c4d/\"\$(kist jobs --json | sed -n 's,.*\"id\": \"[^-]*-\\\\([0-9a-f]*\\\\)\".*,\\\\1,p' | tail -1)\"/" commands
expect 0 sh -eux commands
says out trained 'from a file' 'lr=0.1  loss=0.1' 'out  trained' 'in results: 16 B, verified'
tail -1 out >found
says found ' churn '
