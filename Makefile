
# wubloader for nginx.  "make help" lists the targets.

BUILD     ?= build
CC         = gcc
CLANG      = clang
PKG_CONFIG = pkg-config
NGINX_DEV  = /usr/share/nginx/src
SECS      ?= 10

# The Debian packages each group of targets needs, and nothing else.  A word
# with a colon is a package and a command that will do in its place.

DEPS_build = gcc libc6-dev make perl pkg-config nginx nginx-dev libpq-dev     \
             zlib1g-dev libjansson-dev libssl-dev libavformat-dev             \
             libavcodec-dev libavutil-dev libswscale-dev libswresample-dev    \
             libavfilter-dev libmicrohttpd-dev
DEPS_run   = postgresql ffmpeg fonts-dejavu-core
DEPS_test  = libcmocka-dev libtest-base-perl libtest-longstring-perl curl     \
             chromium nodejs:node npm:npm prometheus:promtool
DEPS_lint  = clang clang-tidy cppcheck
DEPS_fuzz  = clang libclang-rt-14-dev
DEPS_mem   = valgrind
DEPS_bench = wrk curl util-linux-extra

CC_WARN    = -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion            \
             -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef      \
             -Wvla -Wcast-qual -Wpointer-arith -Wdeclaration-after-statement  \
             -Wimplicit-fallthrough -Wswitch-enum -fno-common -Werror
CC_OPT     = -O2 -g
CC_HARD    = -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CC_SAN     =
CC_BASE    = -std=c11 -D_GNU_SOURCE -I. $(CC_WARN)

# asan and tsan are build folders of their own with these in place

ifeq ($(notdir $(BUILD)),asan)
CC_OPT     = -O1 -g -fno-omit-frame-pointer
CC_HARD    = -U_FORTIFY_SOURCE
CC_SAN     = -fsanitize=address,undefined -fno-sanitize-recover=undefined
endif

ifeq ($(notdir $(BUILD)),tsan)
CC_OPT     = -O1 -g -fno-omit-frame-pointer
CC_HARD    = -U_FORTIFY_SOURCE
CC_SAN     = -fsanitize=thread
endif

CFLAGS_ALL = $(CC_BASE) $(CC_OPT) $(CC_HARD) $(CC_SAN) -fPIC -MMD -MP

# only libpq's headers lie outside of the compiler's own path

CFLAGS_worker = $$($(PKG_CONFIG) --cflags libpq)

LIBS_common = zlib
LIBS_worker = libpq jansson libavformat libavcodec libavutil libswscale       \
              libswresample libavfilter libmicrohttpd
LIBS_tool   = libavformat libavcodec libavutil
LIBS_unit   = cmocka $(LIBS_plain)
LIBS_plain  = jansson libcrypto

MODULE     = $(BUILD)/ngx_http_wubloader_module.so
WORKER     = $(BUILD)/wubloader-worker

obj        = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

COMMON_C   = $(sort $(wildcard common/*.c))
WORKER_C   = $(sort $(wildcard worker/*.c))
UNIT_C     = $(sort $(wildcard t/unit/*_test.c))
TOOL_C     = $(sort $(wildcard t/tools/*.c))

# files of the module that need no nginx

PLAIN_C    = $(addprefix ngx_wubloader_module/ngx_http_wubloader_,      \
             json.c jwt.c jwt_key.c)
LINT_C     = $(COMMON_C) $(PLAIN_C) $(WORKER_C) $(TOOL_C)
FUZZ_C     = $(sort $(wildcard t/fuzz/*_fuzz.c))
SQL        = $(sort $(wildcard sql/*.sql))

COMMON_O   = $(call obj,$(COMMON_C))
WORKER_O   = $(call obj,$(WORKER_C)) $(BUILD)/obj/worker_sql.o
PLAIN_O    = $(call obj,$(PLAIN_C))
WORKER_LIB = $(filter-out $(call obj,worker/main.c),$(WORKER_O))
UNITS      = $(patsubst %.c,$(BUILD)/%,$(UNIT_C))
TOOLS      = $(patsubst %.c,$(BUILD)/%,$(TOOL_C))
REPLAYS    = $(patsubst %_fuzz.c,$(BUILD)/%_replay,$(FUZZ_C))
FUZZERS    = $(patsubst %.c,$(BUILD)/%,$(FUZZ_C))

MODULE_SRC = config $(wildcard ngx_wubloader_module/*.[ch] common/*.[ch]      \
                             t/probe/*)

TESTS      = $(sort $(wildcard t/*.t t/worker/*.t t/media/*.t)) $(UNITS)      \
             $(REPLAYS)

# what runs under sanitizers in CI: no browser, no style

TESTS_fast = $(filter-out t/style.t t/rooms.t t/docs.t t/players.t t/run.t    \
             t/clients.t t/editor.t t/media/players.t,                        \
             $(TESTS))

PROVE      = CMOCKA_MESSAGE_OUTPUT=TAP WUB_BUILD=$(BUILD) prove -It/lib       \
             -j2 --timer


all: $(MODULE) $(WORKER) ## build the nginx module and the worker


# ---- packages

define deps_check
missing=; for word in $(foreach g,$(1),$(DEPS_$(g))); do                      \
    package=$${word%%:*}; command=$${word#*:};                                \
    if [ "$$package" != "$$word" ] && command -v "$$command" > /dev/null;     \
    then continue; fi;                                                        \
    dpkg-query -W -f '$${Status}' "$$package" 2> /dev/null                    \
        | grep -q 'ok installed$$' || missing="$$missing $$package";          \
done;                                                                         \
if [ -n "$$missing" ]; then                                                   \
    if [ "$$(id -u)" != 0 ]; then                                             \
        echo "These Debian packages are missing:$$missing." >&2;              \
        echo "Run as root: apt-get install --no-install-recommends$$missing"  \
            >&2;                                                              \
        exit 1;                                                               \
    fi;                                                                       \
    apt-get update -qq || true;                                               \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq                     \
        --no-install-recommends $$missing < /dev/null 9>&-;                   \
fi
endef

deps: ## install the Debian packages that building, running and testing need
	@$(call deps_check,build run test)

build/deps/%: Makefile
	@mkdir -p $(@D)
	@{ flock 9; $(call deps_check,$*); touch $@; } 9> build/deps/.lock


# ---- objects, worker, module

$(BUILD)/obj/%.o: %.c | build/deps/build
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(CFLAGS_$(*D)) -c -o $@ $<

$(BUILD)/obj/t/%.o: CFLAGS_ALL += -Wno-missing-prototypes

$(BUILD)/obj/worker_sql.o: $(BUILD)/obj/worker_sql.c
	$(CC) $(CFLAGS_ALL) -c -o $@ $<

$(BUILD)/obj/worker_sql.c: sql/embed.pl $(SQL) | build/deps/build
	@mkdir -p $(@D)
	perl sql/embed.pl $(SQL) > $@.temp && mv $@.temp $@

$(WORKER): $(WORKER_O) $(COMMON_O)
	$(CC) $(CC_SAN) -o $@ $^                                              \
	    $$($(PKG_CONFIG) --libs $(LIBS_worker) $(LIBS_common)) -lm

# nginx's own build compiles the module; dependency files of the compiler
# instead of ngx_module_deps, so that a header rebuilds what includes it

NGX_MAKE   = $(BUILD)/nginx/Makefile

# the lock is for two makes in one tree: the later one finds it done

$(NGX_MAKE): config Makefile $(NGINX_DEV)/conf_flags                          \
    $(if $(wildcard $(NGX_MAKE)),,build/deps/build)
	@mkdir -p $(BUILD)/nginx
	@{ flock 9; test $@ -nt config -a $@ -nt Makefile || {                \
	    $(nginx_configure); }; } 9> $(BUILD)/nginx/.lock

define nginx_configure
out="$$(cd $(BUILD)/nginx && pwd)"; src="$$(pwd)";                            \
rm -rf "$$out"/*;                                                             \
( cd $(NGINX_DEV) && bash -c 'set -e; . ./conf_flags;                         \
    WUB_DEPFILES=1 ./configure --builddir="$$0"                               \
        --with-cc-opt="-MMD -MP $(CC_OPT) $(CC_HARD) $(CC_SAN) -std=gnu11"    \
        --with-ld-opt="$(CC_SAN)"                                             \
        "$${NGX_CONF_FLAGS[@]}" --add-dynamic-module="$$1"                    \
        --add-dynamic-module="$$1/t/probe"'                                   \
    "$$out" "$$src" ) > "$$out.log" 2>&1                                      \
|| { tail -n 20 "$$out.log" >&2; rm -f $@; exit 1; };                         \
echo "-include \$$(wildcard $$out/addon/*/*.d)" >> $@
endef

$(NGINX_DEV)/conf_flags: | build/deps/build

$(MODULE): $(MODULE_SRC) $(NGX_MAKE)
	@echo "building $@"
	@mkdir -p $(BUILD)/t
	@flock $(BUILD)/nginx/.lock $(MAKE) --no-print-directory --silent     \
	    -f "$$(pwd)/$(NGX_MAKE)" -C $(NGINX_DEV) modules
	@cp $(BUILD)/nginx/ngx_http_wubloader_probe_module.so                 \
	    $(BUILD)/t/probe.so.temp
	@mv $(BUILD)/t/probe.so.temp $(BUILD)/t/probe.so
	@cp $(BUILD)/nginx/ngx_http_wubloader_module.so $@.temp
	@mv $@.temp $@


# ---- tests

# archives, so that a test links no more than what it calls

$(BUILD)/libworker.a: $(WORKER_LIB)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/libcommon.a: $(COMMON_O)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/libplain.a: $(PLAIN_O)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/t/unit/%_test: $(BUILD)/obj/t/unit/%_test.o $(BUILD)/libworker.a     \
    $(BUILD)/libplain.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(CC_SAN) -o $@ $^                                              \
	    $$($(PKG_CONFIG) --libs $(LIBS_unit) $(LIBS_worker) $(LIBS_common))   \
	    -lm

$(call obj,$(UNIT_C)): | build/deps/test

$(BUILD)/t/tools/%: $(BUILD)/obj/t/tools/%.o $(BUILD)/libworker.a              \
    $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(CC_SAN) -o $@ $^                                              \
	    $$($(PKG_CONFIG) --libs $(LIBS_tool) $(LIBS_common)) -lm

# a fuzzer's corpus is replayed by make test, without clang

$(BUILD)/t/fuzz/%_replay: $(BUILD)/obj/t/fuzz/%_fuzz.o                        \
    $(BUILD)/obj/t/fuzz/%_main.o $(BUILD)/libplain.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(CC_SAN) -o $@ $^                                              \
	    $$($(PKG_CONFIG) --libs $(LIBS_plain) $(LIBS_common))

$(BUILD)/obj/t/fuzz/%_main.o: t/fuzz/replay.c | build/deps/build
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -DWUB_CORPUS='"t/fuzz/corpus/$*"' -c -o $@ $<

run-build: all $(TOOLS)
	@:

tests-build: run-build $(UNITS) $(REPLAYS)
	@:

test: build/deps/run build/deps/test ## run all tests
	@$(MAKE) --no-print-directory tests-build
	$(PROVE) $(TESTS)

test-fast: build/deps/run build/deps/test
	@$(MAKE) --no-print-directory tests-build
	$(PROVE) $(TESTS_fast)

asan: ## run the tests with address and undefined behaviour sanitizers
	@LSAN_OPTIONS=suppressions=$(CURDIR)/t/asan.suppress:print_suppressions=0 \
	    $(MAKE) --no-print-directory BUILD=build/asan test-fast

valgrind: build/deps/run build/deps/test build/deps/mem ## look for leaks
	@$(MAKE) --no-print-directory tests-build
	t/valgrind $(BUILD)

tsan: build/deps/run build/deps/test ## look for races in the worker
	@$(MAKE) --no-print-directory BUILD=build/tsan tsan-build
	t/tsan build/tsan

tsan-build: $(WORKER) $(BUILD)/t/unit/behind_test

fuzz: build/deps/fuzz ## run each fuzzer for SECS seconds (default 10)
	@$(MAKE) --no-print-directory fuzz-build
	@set -e; for f in $(FUZZERS); do                                      \
	    name=$$(basename $$f _fuzz);                                      \
	    mkdir -p $(BUILD)/corpus/$$name;                                  \
	    echo "== $$name";                                                 \
	    $$f -max_total_time=$(SECS) -timeout=10 -print_final_stats=1      \
	        -verbosity=0 -artifact_prefix=$(BUILD)/corpus/$$name-         \
	        $(BUILD)/corpus/$$name t/fuzz/corpus/$$name;                  \
	done

fuzz-build: $(FUZZERS)

$(BUILD)/t/fuzz/%_fuzz: t/fuzz/%_fuzz.c $(COMMON_C) $(PLAIN_C)                 \
    $(wildcard common/*.h) $(wildcard $(PLAIN_C:.c=.h))
	@mkdir -p $(@D)
	$(CLANG) $(CC_BASE) -Wno-missing-prototypes -O1 -g                    \
	    -fsanitize=fuzzer,address,undefined                               \
	    -fno-sanitize-recover=undefined -o $@ $< $(COMMON_C)             \
	    $(PLAIN_C) $$($(PKG_CONFIG) --libs $(LIBS_plain) $(LIBS_common))

# NULL is a pointer in every libc that this builds with, so a NULL that ends
# the arguments of worker_log() is read as one: varFuncNullUB is for others

lint-fast: build/deps/build build/deps/lint build/deps/run build/deps/test
	$(CLANG) $(CC_BASE) -fsyntax-only $(CFLAGS_worker)                   \
	    $(LINT_C)
	cppcheck -q -j2 -I. --std=c11 --error-exitcode=1 --inline-suppr       \
	    --enable=warning,performance,portability                          \
	    --suppress=missingInclude --suppress=normalCheckLevelMaxBranches  \
	    --suppress=unknownMacro --suppress=varFuncNullUB $(LINT_C)

lint: lint-fast ## static analysis of all sources
	@$(MAKE) --no-print-directory all
	printf '%s\n' $(LINT_C) | xargs -n1 -P2       \
	    sh -c 'clang-tidy --quiet --warnings-as-errors="*"                \
	        --checks="-*,clang-analyzer-*,bugprone-*$(TIDY_OFF)" "$$0"    \
	        -- $(CC_BASE) $(CFLAGS_worker) 2> /dev/null'
	printf '%s\n' $(LINT_C) | xargs -n1 -P2       \
	    $(CC) $(CC_BASE) $(CFLAGS_worker) -O2 -fanalyzer -S -o /dev/null
	prove -It/lib t/style.t t/rooms.t

# one file at a time: the analyser of clang 14 takes a va_list of the second
# file of a run for an uninitialized one; what is off contradicts nginx's
# style, or is said better by -Wconversion

TIDY_OFF   = ,-bugprone-easily-swappable-parameters$\
             ,-bugprone-reserved-identifier$\
             ,-bugprone-assignment-in-if-condition$\
             ,-bugprone-implicit-widening-of-multiplication-result$\
             ,-clang-analyzer-optin.performance.Padding$\
             ,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling


# ---- running

run: build/deps/build build/deps/run ## sample stream, nginx, worker, one job
	@$(MAKE) --no-print-directory run-build
	@exec env WUB_BUILD=$(BUILD) conf/run/run

bench: build/deps/build build/deps/run build/deps/bench ## ratios to peers
	@$(MAKE) --no-print-directory run-build
	@WUB_BUILD=$(BUILD) perl -It/lib t/bench/bench

clean: ## remove build/ and run/
	rm -rf build run

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## /                                    \
	    { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)


export ONCE PORT STREAM LENGTH

-include $(COMMON_O:.o=.d) $(PLAIN_O:.o=.d) $(WORKER_O:.o=.d)
-include $(patsubst %.c,$(BUILD)/obj/%.d,$(UNIT_C) $(TOOL_C) $(FUZZ_C))

.PHONY: all deps test test-fast tests-build run-build asan valgrind fuzz tsan \
        fuzz-build lint lint-fast run bench clean help
.DELETE_ON_ERROR:
.SECONDARY:
