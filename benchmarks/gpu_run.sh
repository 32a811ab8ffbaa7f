#!/usr/bin/env bash
# Everything that only a real GPU can tell, in less than nine minutes: bash benchmarks/gpu_run.sh FOLDER
#
# Each part is a process with its own time limit and its own log in FOLDER; one that fails does not stop the others. What is
# asked of the GPU (bars.py) comes first, the long tests after. The last lines say which parts passed, and then all bars,
# measured or not; they are in summary.txt and bars.json as well, the figures of each part in its JSON, and an image in
# layers/roofline.png.
#
# It makes a virtual environment in FOLDER and installs the package with the CuPy that suits the driver, and PyTorch, the rival.
# Where nothing can be downloaded, PYTHON=/path/to/python bash ... takes an environment of yours instead, which has CuPy, pytest
# and, if it may be, PyTorch.
set -u

if [ $# -ne 1 ]; then
  echo "gpu_run.sh: $# arguments were given, expected one, the folder for the results: bash benchmarks/gpu_run.sh FOLDER" >&2
  exit 2
fi
mkdir -p "$1" || exit 2
OUT=$(cd "$1" && pwd)
cd "$(dirname "$0")/.." || exit 2

TOTAL=530  # seconds for all parts together
FAILED=0
: > "$OUT/summary.txt"

# Each part's verdict is written down at once: who stops the run has those of the parts before.
note() {
  printf '%-12s %s\n' "$1" "$2" >> "$OUT/summary.txt"
}

# part NAME SECONDS COMMAND...: runs it within its limit, or what is left of the whole; Ctrl-C is tried before a kill, so that
# what was measured is kept. 77 means that something is missing here, which is no failure.
part() {
  local name=$1 limit=$2 start=$SECONDS code verdict
  shift 2
  if [ $((TOTAL - SECONDS)) -lt "$limit" ]; then limit=$((TOTAL - SECONDS)); fi
  if [ "$limit" -lt 5 ]; then
    note "$name" "LEFT OUT: no time left"
    FAILED=1
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
  note "$name" "$(printf '%-24s %4d s   %s' "$verdict" $((SECONDS - start)) "$name.log")"
}

# 13 or 12, the CUDA that this driver can do, as nvidia-smi says.
cuda_version() {
  local version
  version=$(nvidia-smi 2>/dev/null | sed -n 's/.*CUDA Version: \([0-9]*\).*/\1/p' | head -n 1)
  if [ "${version:-13}" -ge 13 ]; then echo 13; else echo 12; fi
}

# CuPy needs cuBLAS and the kernel compiler, which a machine with nothing but a driver lacks: then NVIDIA's packages bring them.
install() {
  if [ -n "${PYTHON:-}" ]; then
    echo "PYTHON is $PYTHON: nothing is installed"
    return
  fi
  local version extra
  version=$(cuda_version)
  extra=gpu
  if [ "$version" = 12 ]; then extra=gpu12; fi
  python3 -m venv "$OUT/venv" && "$OUT/venv/bin/pip" install -q -e ".[$extra,test]" || return
  "$OUT/venv/bin/python" -c "from nnscratch import backend; raise SystemExit(backend.gpu_status()[0] is None)" ||
    "$OUT/venv/bin/pip" install -q "cupy-cuda${version}x[ctk]>=14,<15"
}

# The rival. Without it our own times are measured all the same.
rival() {
  if "$PYTHON" -c "import torch; print('PyTorch', torch.__version__, 'sees a GPU:', torch.cuda.is_available())"; then return; fi
  if [ "$PYTHON" = "$OUT/venv/bin/python" ]; then
    "$OUT/venv/bin/pip" install -q torch && "$PYTHON" -c "import torch; print(torch.__version__, torch.cuda.is_available())"
  else
    echo "PyTorch is not in your environment, so it is left out: pip install torch"
    return 77
  fi
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
from nnscratch import backend
from nnscratch.fast import cuda
try:
    backend.use('gpu')
except ValueError as error:
    raise SystemExit(str(error))
xp = backend.current_module()
a = xp.ones((4, 4), dtype='float32')
assert float(cuda.product(a, a).sum()) == 64
handles = cuda.cublas._handles.values()
print('products:', 'by our own call of cuBLAS' if any(handles) else 'by CuPy')
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

bars() {
  "$PYTHON" -m benchmarks bars --part "$1" -o "$OUT"
}

# NumPy with two threads: what the GPU is compared with is a CPU of two cores.
two_cores() {
  OPENBLAS_NUM_THREADS=2 bars "$1"
}

devices() {
  "$PYTHON" -m benchmarks devices --device gpu "$@"
}

export PYTHONPATH="$PWD" CUPY_DUMP_CUDA_SOURCE_ON_ERROR=1 OUT
export -f install cuda_version rival machine gpu_tests sanitizer bars two_cores devices
# What measures the bars fits into the whole even if each part takes all its time; the rest shares what is left.
part install 120 bash -c install
PYTHON=${PYTHON:-$OUT/venv/bin/python}
export PYTHON
if [ ! -x "$(command -v "$PYTHON")" ]; then
  echo "gpu_run.sh: there is no $PYTHON, so nothing can be run; see $OUT/install.log (on Debian:" \
    "apt install python3-venv), or give an environment by PYTHON=..." >&2
  exit 1
fi
part machine 20 bash -c machine
part gradients 40 bash -c "bars gradients"
part torch 110 bash -c rival
part gan 60 bash -c "two_cores gan"
part kernels 60 "$PYTHON" -m benchmarks kernels --rounds 5 --json "$OUT/kernels.json"
part style 60 bash -c "bars style"
part layers 60 bash -c "devices --part layers --quick -o $(printf %q "$OUT/layers")"
part graph 60 bash -c "gpu_tests tests/test_cuda_graph.py tests/test_cuda_refused.py"
part tests 150 bash -c gpu_tests
part check 60 "$PYTHON" -m nnscratch.cli check --device gpu
part sweep 60 bash -c "devices --part sweep --quick -o $(printf %q "$OUT/sweep")"
part steps 120 bash -c "devices --part steps -o $(printf %q "$OUT/steps")"
part sanitizer 60 bash -c sanitizer

echo
"$PYTHON" -m benchmarks bars --part summary -o "$OUT" >> "$OUT/summary.txt"
cat "$OUT/summary.txt"
exit $FAILED
