#!/usr/bin/env bash
# examples.sh PAGE SMELT CXX: tries out the examples of a page.
set -euo pipefail
cd "$(dirname "$0")/../.."
smelt=$2
cxx=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# code FILE LANGUAGE N: the Nth code block of that language.
code() { awk -v open="\`\`\`$2" -v n="$3" '$0 == open { on = ++count == n; next } /^```/ { on = 0 } on' "$1"; }
warnings=(-Wall -Wextra -Werror)

readme() {
  "$smelt" compile examples/tones/tones.tflite -o "$work/tones" >"$work/log"
  code README.md cpp 1 >"$work/example.cpp"
  grep -q invoke_float "$work/example.cpp"
  for compiler in "$cxx" "clang++" "arm-none-eabi-g++ -mcpu=cortex-m4 -mthumb"; do
    $compiler -std=c++17 "${warnings[@]}" -O2 -I "$work/tones" -c "$work/example.cpp" -o "$work/example.o"
  done
  ls tests/ops | while read -r operator; do
    grep -qw "${operator^^}" README.md || { echo "README.md does not list ${operator^^}" >&2; exit 1; }
  done
  "$smelt" targets --json | sed -n 's/^ *"name": "\(.*\)",$/\1/p' | while read -r target; do
    grep -q "^| \`$target\` " README.md || { echo "README.md does not list $target" >&2; exit 1; }
  done
}

add-an-operator() {
  mkdir -p "$work/runtime/ops" "$work/ops"
  cp runtime/*.hpp "$work/runtime"
  code docs/add-an-operator.md cpp 1 >"$work/runtime/ops/abs.hpp"
  code docs/add-an-operator.md cpp 2 >"$work/ops/abs.cpp"
  grep -q op_abs "$work/ops/abs.cpp"
  "$cxx" -std=c++20 "${warnings[@]}" -I "$work" -I . -c "$work/ops/abs.cpp" -o "$work/abs.o"
  arm-none-eabi-g++ -std=c++17 -ffreestanding -fno-exceptions -fno-rtti "${warnings[@]}" -fsyntax-only "$work/runtime/ops/abs.hpp"
}

add-a-board() {
  cp -r targets "$work/targets"
  code docs/add-a-board.md toml 1 >"$work/targets/stm32f405.toml"
  export SMELT_TARGETS_DIR="$work/targets"
  "$smelt" verify examples/tones/tones.tflite --target stm32f405 --count 1 --json >"$work/board"
  unset SMELT_TARGETS_DIR
  "$smelt" verify examples/tones/tones.tflite --target cortex-m4 --count 1 --json >"$work/m4"
  grep -q '"bit_exact": true' "$work/board"
  # The page says that counts agree to the last one or two.
  count() { sed -n 's/.*"total": \([0-9]*\),$/\1/p' "$1" | tail -1; }
  difference=$(($(count "$work/board") - $(count "$work/m4")))
  [ "${difference#-}" -le 2 ] || { echo "instructions differ by $difference" >&2; exit 1; }
}

# Every code that the tool can give stands on a page, and no other.
errors() {
  grep -rhoE '["[]E[0-9]{4}' --include='*.[ch]pp' cli data dataset emit export import ir lower ops passes plan profile project quantize targets verify |
    tr -d '"[' | sort -u >"$work/given"
  sed -E 's/E0721 to E0726/E0721 E0722 E0723 E0724 E0725 E0726/' docs/errors.md docs/ir.md |
    grep -oE 'E[0-9]{4}' | sort -u >"$work/described"
  [ "$(wc -l <"$work/given")" -gt 40 ]
  diff "$work/given" "$work/described" || { echo "< given but not described, > described but never given" >&2; exit 1; }
}

"$1"
