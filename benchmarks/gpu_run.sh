#!/usr/bin/env bash
# Everything that only a real GPU can tell, in less than nine minutes: bash benchmarks/gpu_run.sh FOLDER
#
# Each part has its own time limit and its own log in FOLDER; one that fails does not stop the others. The last lines say which
# passed. It makes a virtual environment in FOLDER and installs the package with the CuPy that suits the driver; where nothing
# can be downloaded, PYTHON=/path/to/python bash ... takes an environment of yours, which has CuPy and pytest, instead.
set -u

if [ $# -ne 1 ]; then
  echo "gpu_run.sh: $# arguments were given, expected one, the folder for the results: bash benchmarks/gpu_run.sh FOLDER" >&2
  exit 2
fi
mkdir -p "$1" || exit 2
OUT=$(cd "$1" && pwd)
cd "$(dirname "$0")/.." || exit 2

TOTAL=520  # seconds for all parts together
SUMMARY=()
FAILED=0

# part NAME SECONDS COMMAND...: runs it within its limit, or what is left of the whole; Ctrl-C is tried before a kill, so that
# what was measured is kept. 77 means that something is missing here, which is no failure.
part() {
  local name=$1 limit=$2 start=$SECONDS code verdict
  shift 2
  if [ $((TOTAL - SECONDS)) -lt "$limit" ]; then limit=$((TOTAL - SECONDS)); fi
  if [ "$limit" -lt 5 ]; then
    SUMMARY+=("$(printf '%-12s %-24s' "$name" "left out: no time left")")
    return
  fi
  echo "=== $name (at most $limit s)"
  timeout --signal=INT --kill-after=10 "$limit" "$@" 2>&1 | tee "$OUT/$name.log" | tail -n 25
  code=${PIPESTATUS[0]}
  case $code in
    0) verdict="passed" ;;
    77) verdict="nothing ran: see its log" ;;
    124 | 137) verdict="NOT DONE in $limit s" FAILED=1 ;;
    *) verdict="FAILED with code $code" FAILED=1 ;;
  esac
  SUMMARY+=("$(printf '%-12s %-24s %4d s   %s' "$name" "$verdict" $((SECONDS - start)) "$name.log")")
}

# The extra of pyproject.toml for this driver: what nvidia-smi says it can do.
extra() {
  local version
  version=$(nvidia-smi 2>/dev/null | sed -n 's/.*CUDA Version: \([0-9]*\).*/\1/p' | head -n 1)
  if [ "${version:-13}" -ge 13 ]; then echo gpu; else echo gpu12; fi
}

install() {
  if [ -n "${PYTHON:-}" ]; then
    echo "PYTHON is $PYTHON: nothing is installed"
    return
  fi
  python3 -m venv "$OUT/venv" && "$OUT/venv/bin/pip" install -q -e ".[$(extra),test]"
}

machine() {
  if command -v nvidia-smi; then
    nvidia-smi
    nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,clocks.max.mem,power.limit,temperature.gpu --format=csv
  else
    echo "nvidia-smi is not there, so there is no NVIDIA driver: install one, or run this on a machine with a GPU"
  fi
  "$PYTHON" -m nnscratch.cli info
  "$PYTHON" -c "
from nnscratch import backend, cuda
try:
    backend.use('gpu')
except ValueError as error:
    raise SystemExit(str(error))
xp = backend.current_module()
a = xp.ones((4, 4), dtype='float32')
assert float(cuda.product(a, a).sum()) == 64
print('products:', 'by our own call of cuBLAS' if cuda.gemm.__globals__['handle'](xp, xp.cuda.Device().id, xp.cuda.get_current_stream().ptr) else 'by CuPy')
"
}

# Tests that only skipped have shown nothing.
gpu_tests() {
  "$PYTHON" -m pytest -m gpu -p no:cacheprovider -rs "$@" | cut -c 1-300 | tee "$OUT/counted.txt"
  local code=${PIPESTATUS[0]}
  if [ "$code" -eq 0 ] && ! grep -q " passed" "$OUT/counted.txt"; then code=77; fi
  rm -f "$OUT/counted.txt"
  return "$code"
}

sanitizer() {
  if ! command -v compute-sanitizer; then
    echo "compute-sanitizer is not there: it comes with NVIDIA's CUDA toolkit; without it nothing watches writes on the GPU"
    return 77
  fi
  local tool
  for tool in memcheck racecheck synccheck; do
    compute-sanitizer --tool "$tool" --error-exitcode 9 "$PYTHON" -m pytest -q -m gpu -x tests/test_cuda_kernels.py \
      -k "dropout or pool or batch_norm" || return
  done
}

bench() {
  if "$PYTHON" -c "import torch" 2>/dev/null; then
    "$PYTHON" -m benchmarks devices --device gpu -o "$OUT/bench"
  else
    echo "PyTorch is not installed, so it is left out: pip install torch"
    "$PYTHON" -m nnscratch.cli bench --device gpu -o "$OUT/bench"
  fi
}

export PYTHONPATH="$PWD" CUPY_DUMP_CUDA_SOURCE_ON_ERROR=1 OUT
export -f install machine gpu_tests sanitizer bench extra
part install 150 bash -c install
PYTHON=${PYTHON:-$OUT/venv/bin/python}
export PYTHON
if [ ! -x "$(command -v "$PYTHON")" ]; then
  echo "gpu_run.sh: there is no $PYTHON, so nothing can be run; see $OUT/install.log, or give an environment by PYTHON=..." >&2
  exit 1
fi
part machine 30 bash -c machine
part graph 60 bash -c "gpu_tests tests/test_cuda_graph.py"
part tests 150 bash -c gpu_tests
part check 60 "$PYTHON" -m nnscratch.cli check --device gpu
part kernels 60 "$PYTHON" -m benchmarks kernels --json "$OUT/kernels.json"
part bench 170 bash -c bench
part sanitizer 90 bash -c sanitizer

echo
printf '%s\n' "${SUMMARY[@]}" | tee "$OUT/summary.txt"
exit $FAILED
