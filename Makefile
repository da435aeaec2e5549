# One line each; anything with an `if` is in crates/xtask.
.DEFAULT_GOAL := help
.PHONY: help up test ci e2e bench db openapi lint fmt demo-reset
help: ; @awk -F ': ; |## ' '/^[a-z0-9-]+: ; .*## / { printf "  make %-11s %s\n", $$1, $$3 }' Makefile ## this list
up: ; @cargo xtask up ## install, build and serve the product with demo data
test: ; @cargo xtask test ## all tests: Rust, golden invoices, web, browser
ci: ; @cargo xtask ci ## everything that must hold before a change lands
e2e: ; @cargo xtask test browser ## browser tests only
bench: ; @cargo xtask bench ## measure the product under load
db: ; @cargo run -q --release -p vision-server --bin vision -- db ## how to reach the database with psql
openapi: ; @cargo xtask openapi ## write docs/api/openapi.json and the web types
lint: ; @cargo xtask lint ## imports, table ownership, file sizes
fmt: ; @cargo fmt --all && npm --prefix web run --silent fix ## format everything
demo-reset: ; @cargo run -q --release -p vision-server --bin vision -- demo --reset ## restore the demo data
