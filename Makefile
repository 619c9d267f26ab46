# Everything is built once, into one folder outside the checkout.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/xueqing/target

.PHONY: demo test dashboard clean

demo: dashboard ## build, make a sample district, serve it and print the address
	cargo run --quiet -- demo

test: dashboard ## all tests, Rust's and the dashboard's
	cargo test --workspace
	npm --prefix dashboard test

# Without npm the program is built without its dashboard, and its page says how to get it.
dashboard:
	@if command -v npm >/dev/null; then \
	    npm --prefix dashboard ci --no-audit --no-fund --loglevel=error && npm --prefix dashboard run build; \
	else echo "npm not found: building without the dashboard"; fi

clean:
	rm -rf "$(CARGO_TARGET_DIR)" dashboard/dist dashboard/node_modules xueqing-demo
