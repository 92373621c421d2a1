# `make help` lists the targets. Everything they do is also a plain command in scripts/ or a `swift` call.

MARQUEE := .build/release/marquee
# Where `make install` puts things; DESTDIR stands before it when a package is made.
PREFIX ?= /usr/local
DESTDIR ?=
# Passed on to the demo: make demo DEMO="--movielens ../shared/data/ml-latest-small"
DEMO ?=

.DEFAULT_GOAL := help
.PHONY: help setup build install uninstall deb demo test nightly venv bench bench-als format lint clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null \
	  || sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1: \2/p' Makefile

setup: ## Install the system libraries that are missing (apt; sudo only if not root)
	@scripts/setup

# Swift's own libraries go into the binary, so that it runs where Swift is not installed.
build: setup ## Build the release binary, .build/release/marquee: one file to carry away
	swift build -c release --static-swift-stdlib --product marquee

# A relative place would be looked for below this folder, and below another one by whoever runs what is there.
absolute = $(if $(filter-out /%,$(firstword $($1))),$(error $1 is '$($1)', which is no absolute path: \
  try $1='$$PWD/$($1)'))

install: ## Put the built program, manual, completions and demo catalogue under PREFIX (/usr/local)
	@:$(call absolute,PREFIX)$(call absolute,DESTDIR)
	@scripts/install "$(MARQUEE)" "$(DESTDIR)$(PREFIX)"

uninstall: ## Remove from PREFIX what `make install` put there
	@:$(call absolute,PREFIX)$(call absolute,DESTDIR)
	@scripts/install --remove "$(DESTDIR)$(PREFIX)"

deb: build ## Make the Debian package and its list of parts (SPDX), in .build/deb
	@scripts/setup debhelper python3
	@scripts/deb "$(MARQUEE)" .build/deb

demo: build ## Run the whole loop on this machine and serve on http://localhost:8080
	@$(MARQUEE) demo $(DEMO)

venv: ## Make .venv with the Python readers that the tests compare with
	@scripts/venv

test: ## Set up, build and run every test; the last line sums them up
	@scripts/test

nightly: ## Run every test with the long runs: 1,000 kills, minutes of mutated files
	@MARQUEE_NIGHTLY=1 scripts/test

bench: setup venv ## Run the benchmarks, peers included
	@scripts/bench

bench-als: build ## Run the trainer's benchmark beside implicit and irspack
	@scripts/bench als

format: ## Format the sources
	swift format -i -r -p Package.swift Sources Tests examples

lint: ## Check the format of the sources, and that what the modules show has doc comments
	swift format lint -s -r -p Package.swift Sources Tests examples
	@scripts/undocumented

clean: ## Remove what was built
	swift package clean
