#!/usr/bin/env bash
# demo.sh: an F6 that holds the events of real test persons, with both servers running, and what to ask them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

echo "Building: a few minutes the first time, seconds after that."
scripts/servers.sh stop
report=.local/demo-refused.ndjson
taken=$(scripts/database.sh target/debug/write-api import demo/events.ndjson.gz --report "$report.new")
# Where everything was there already, the reasons of the first time are the ones to keep.
if [[ $taken == *" 0 events taken in"* && -e $report ]]; then rm "$report.new"; else mv "$report.new" "$report"; fi
grep -v '^what was refused' <<<"$taken"
scripts/servers.sh start

cat <<EOF

Some facts of the source contradict each other: each refused line is explained in $report.
make demo-check asks the query API about every row of the source, at both moments, and explains each difference.

Both servers and a delivery worker run in the background; make stop ends them. Their logs are .local/*.log.
  GraphiQL to write:  http://$(<.local/write-api.address)/
  GraphiQL to query:  http://$(<.local/query-api.address)/

A civil servant's token; paste it as the header {"Authorization": "Bearer …"}:
$(F6_DEV=true target/debug/write-api token --type ambtenaar)

EOF
cat demo/queries.md
