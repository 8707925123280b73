#!/usr/bin/env bash
# Runs tests of the TornadoVM backend on this machine's device instead of the simulated one.
#
#   runs/tornado-tests.sh [MODULE TEST...]
#
#   MODULE  engine/tornado or train
#   TEST    names of test classes, Class#method for one test. Without any: ten replayed steps beside the CPU backend and what they ask of the device; against the
#           reference's golden values, where ../shared has them, whole models and the fifty steps of the golden training run
#
# Needs an SDK as --backend tornado does (TORNADOVM_HOME, NANOCHAT_TORNADO_DRIVER, NANOCHAT_DEVICE_MEMORY: docs/tornado.md). Each test compiles kernels of its own:
# behind PoCL one takes minutes, TornadoTwinTest of all ops an hour. MAVEN: more arguments for Maven.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

die() {
  echo "runs/tornado-tests.sh: $1" >&2
  exit 1
}
case ${1-} in
-h | --help)
  sed -n '2,/^set -/{s/^# \{0,1\}//;/^set -/d;p;}' "$0"
  exit 0
  ;;
esac
[ $# -ne 1 ] || die "which tests of $1? --help shows how to call it"

. "$root/.mvn/find-tornado.sh"
sdk=$(find_tornado) || {
  [ $? -ne 3 ] || die "no TornadoVM found: set TORNADOVM_HOME; docs/tornado.md tells how to get one"
  exit 1
}
require_tornado "$sdk"
driver=$(tornado_driver "$sdk")
export TORNADOVM_HOME=$sdk
tornado_options "$sdk" "$driver"

# The JVM reads its options from a file: they are many, and Maven would split them at blanks.
options=$(mktemp)
trap 'rm -f "$options"' EXIT
printf '"%s"\n' --add-modules jdk.incubator.vector "--enable-native-access=ALL-UNNAMED,tornado.drivers.$driver" \
  -XX:MaxDirectMemorySize=1024g "${tornado_jvm[@]}" >"$options"

# Without the simulator: TornadoVM itself is on the module path.
on_device() {
  local module=$1 tests
  shift
  tests=$(IFS=, && echo "$*")
  # shellcheck disable=SC2086 # MAVEN is a list of words
  "$root/mvnw" -q -f "$root/pom.xml" test -pl "$module" -am ${MAVEN-} "-Dtest=$tests" -Dsurefire.failIfNoSpecifiedTests=false -Dtest.heap=3g \
    "-Dtest.jvm.args=@$options" -Dnanochat.tornado.steps=50 -Dmaven.test.dependency.excludes=org.nanochat4j:tornado-simulator
}

if [ $# -gt 0 ]; then
  on_device "$@"
else
  on_device engine/tornado TornadoReplayTest
  # The other tests of models choose a simulated device themselves.
  on_device train 'TornadoModelTest#replayed*' TornadoTrajectoryTest
fi
