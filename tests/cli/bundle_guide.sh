# The guide to bundles, as it is written: its commands work.
guide=$top_srcdir/docs/guide/bundles.md
sed -n -e '/^```yaml$/,/^```$/p' "$guide" | sed -e '1d' -e '$d' >double.yaml
guide_commands bundles >commands
equal "$(grep -c '^kist' commands)" 10
expect 0 sh -eux commands
says out '1 job' 'nothing was written' 'all verified' 'equal           output    answer' '"verdict": "equal"'
equal "$(cat exports/double/answer.txt)" 8
