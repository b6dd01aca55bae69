# Every target is a script that can be read on its own; `make help` lists them.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help setup write query watch demo demo-check stop test soak faults bench check cases backup restore schemas clean

help: ## Explain every target
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: ## The database with its roles and migrations, and the entities generated from it
	@scripts/database.sh scripts/entities.sh write

write: ## The write API in the foreground, in development
	@scripts/database.sh target/debug/write-api serve --dev

query: ## The query API in the foreground, in development
	@scripts/database.sh target/debug/query-api serve --dev

watch: ## Both servers in the foreground, built and started anew on every change
	@scripts/database.sh scripts/watch.sh

demo: ## Real test persons imported, both servers in the background, and what to ask them
	@scripts/demo.sh

demo-check: ## After make demo: every row of the source asked at both moments, each difference explained
	@F6_TOKEN=$$(F6_DEV=true target/debug/write-api token --type ambtenaar) \
	  F6_QUERY_URL=http://$$(cat .local/query-api.address)/graphql node demo/check.mjs .local/demo-refused.ndjson

stop: ## End the servers and the database that make started
	@scripts/servers.sh stop
	@scripts/postgres.sh stop

test: ## Every test, on a PostgreSQL that is thrown away; ARGS=… goes to cargo nextest
	@scripts/test.sh $(ARGS)

soak: ## The scenarios that take long, in full, and the fuzzers: ten times what make test does of each; ARGS=… goes to cargo nextest
	@scripts/soak.sh soak $(ARGS)

faults: ## What machines do to an F6, on purpose and under load, ten times as much as in make test; ARGS=… goes to cargo nextest
	@scripts/soak.sh faults $(ARGS)

bench: ## Speed, memory and start-up of a release build, each against a yardstick of the same run; ARGS=… goes to bench
	@scripts/bench.sh $(ARGS)

check: ## Formatting, lints, documentation, dependencies, spelling, migrations, what is generated and printed
	@scripts/check.sh

cases: ## Replay real cases against both servers, on a PostgreSQL that is thrown away: FILE=cases.json OUT=answers.json
	@scripts/cases.sh "$(FILE)" "$(OUT)"

backup: ## Everything that must not be lost, into FILE=f6.dump
	@scripts/backup.sh dump "$(FILE)"

restore: ## What FILE=f6.dump holds, into an empty database
	@scripts/backup.sh restore "$(FILE)"

schemas: ## Print the GraphQL and config schemas into the repository, after a change of them
	@cargo build --locked
	@scripts/printed.sh write

clean: ## Remove what was built and the private database with all its events
	@scripts/servers.sh stop
	@scripts/postgres.sh destroy
	@cargo clean
	@rm -rf .local
