#!/usr/bin/env bash
# PyTorch's nanochat and this one, measured in one run, alternating. On an idle machine; about an hour with the defaults on two cores.
#
#   bench/peer/compare.sh --peer NANOCHAT_CHECKOUT [options]     all options: bench/peer/compare.sh --help
#
#   PYTHON    a Python with torch, tokenizers and tiktoken (default python3)
# The checkout of github.com/karpathy/nanochat is an argument: none of its code is here. Without torch nothing is measured, and a message says so.
set -u
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
if ! command -v "$python" >/dev/null 2>&1; then
  printf 'skipped: there is no %s; set PYTHON to a Python with torch\n' "$python"
  exit 0
fi
case " $* " in
*' --help '* | *' -h '*) exec "$python" "$here/compare.py" --help ;;
esac
if ! "$python" -c 'import torch' 2>/dev/null; then
  printf 'skipped: %s has no torch; pip install torch tokenizers tiktoken, or set PYTHON to a Python that has them\n' "$python"
  exit 0
fi
exec "$python" "$here/compare.py" "$@"
