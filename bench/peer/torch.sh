# Sourced by compare.sh and curve.sh: runs a Python program of this folder with its arguments, where there is a Python with torch.
#
#   PYTHON    a Python with torch (default python3)

# The program, then its arguments. Says why nothing is done where there is no Python or no torch; that is no error.
with_torch() {
  local program=$1 python=${PYTHON:-python3}
  shift
  if ! command -v "$python" >/dev/null 2>&1; then
    printf 'skipped: there is no %s; set PYTHON to a Python with torch\n' "$python"
    exit 0
  fi
  case " $* " in
  *' --help '* | *' -h '*) exec "$python" "$program" --help ;;
  esac
  if ! "$python" -c 'import torch' 2>/dev/null; then
    printf 'skipped: %s has no torch; pip install torch tokenizers tiktoken safetensors pyarrow, or set PYTHON to a Python that has them\n' "$python"
    exit 0
  fi
  exec "$python" "$program" "$@"
}
